import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { byBytes } from '../core/order.ts';
import { tracePath } from './path-trace.ts';
import type { Reading } from './reading.ts';

/** What stands at the given paths now. */
export interface InputListing {
  /** Named as given, or as found below what was given; sorted by bytes, each once. */
  readonly files: readonly string[];
  /** Given paths at which nothing stands, but should. */
  readonly missing: readonly string[];
  /** Given paths, and directories below them, that cannot be looked into. */
  readonly closed: readonly { readonly path: string; readonly message: string }[];
  /** The directories whose events tell of a change, by real path: which names matter in each, null for all. */
  readonly watch: ReadonlyMap<string, ReadonlySet<string> | null>;
}

/**
 * Lists the files at `paths` that count for `reading`: a path that is no directory is taken whatever its name, a directory is
 * searched. Links are followed. Names with a leading dot are left out: editors' temporary files, and the `..data` through
 * which the visible links of a mounted ConfigMap or Secret lead. Never rejects.
 */
export async function listInputs(paths: readonly string[], reading: Reading): Promise<InputListing> {
  const search = new Search(reading);
  for (const path of paths) await search.given(path);
  return { ...search, files: [...search.files.values()].sort(byBytes) };
}

class Search implements Omit<InputListing, 'files'> {
  /** By absolute path, so that a file that is given twice is read once. */
  readonly files = new Map<string, string>();
  readonly missing: string[] = [];
  readonly closed: { path: string; message: string }[] = [];
  readonly watch = new Map<string, Set<string> | null>();
  readonly #searched = new Set<string>();
  readonly #reading: Reading;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  async given(path: string): Promise<void> {
    await this.#trace(path);
    const stats = await this.#statOf(path);
    if (stats === null) {
      if (!this.#reading.optional) this.missing.push(path);
    } else if (stats?.isDirectory()) await this.#directory(path, 1);
    else if (stats && this.#reading.depth === null) this.#file(path);
    else if (stats) this.closed.push({ path, message: 'not a directory' });
  }

  /** `depth`: how far below a given path stands what is in it. */
  async #directory(path: string, depth: number): Promise<void> {
    try {
      const real = await realpath(path);
      // Links may lead in a circle; where the depth is bounded they cannot, and two names of one directory are two.
      if (this.#reading.depth === null && this.#searched.has(real)) return;
      this.#searched.add(real);
      this.watch.set(real, null);
      const found = await readdir(path, { withFileTypes: true });
      for (const entry of found.sort((a, b) => byBytes(a.name, b.name))) {
        if (!entry.name.startsWith('.')) await this.#entry(join(path, entry.name), entry, depth);
      }
    } catch (error) {
      this.closed.push({ path, message: messageOf(error) });
    }
  }

  async #entry(path: string, entry: Dirent, depth: number): Promise<void> {
    const { depth: wanted, countsName } = this.#reading;
    if (entry.isSymbolicLink()) await this.#trace(path);
    const at = entry.isSymbolicLink() ? await this.#statOf(path) : entry;
    if (at?.isDirectory() && depth !== wanted) await this.#directory(path, depth + 1);
    else if (at?.isFile() && depth === (wanted ?? depth) && countsName(entry.name)) this.#file(path);
  }

  #file(path: string): void {
    const absolute = resolve(path);
    if (!this.files.has(absolute)) this.files.set(absolute, path);
  }

  async #trace(path: string): Promise<void> {
    for (const { directory, name } of await tracePath(path)) {
      const names = this.watch.get(directory);
      if (names === undefined) this.watch.set(directory, new Set([name]));
      else names?.add(name);
    }
  }

  /** Null when nothing is there, undefined when it cannot be told. */
  async #statOf(path: string): Promise<Stats | null | undefined> {
    try {
      return await stat(path);
    } catch (error) {
      if (isAbsent(error)) return null;
      this.closed.push({ path, message: messageOf(error) });
      return undefined;
    }
  }
}

/** Nothing stands at the path (or what stood above it is no directory). */
export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
