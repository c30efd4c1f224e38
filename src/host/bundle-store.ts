import { mkdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../core/digest.ts';
import type { NamedText } from '../core/named-text.ts';
import { utf8 } from '../core/utf8.ts';
import { digestsOfTexts } from '../render/bundle.ts';
import { diskError } from './disk-error.ts';
import { readLive } from './observe.ts';
import { removeIfThere, statsOf } from './system-error.ts';
import { createUnsynced } from './write-file.ts';

/** Files that belong together, the daemon's own first, named by the digest of their bytes. */
export interface StoredBundle {
  readonly id: Digest;
  readonly files: readonly NamedText[];
}

/**
 * The whole bundles that a target may still need: the one on its way to the disk, the one to go back to, and the last confirmed
 * ones. Each lies in a folder of its own (0700, files 0600: there are passwords in them), complete, so that BIRD can check it there
 * with its includes. Not synced to the disk one by one: what a kill cuts short, or a loss of power garbles, is known by its digest, and
 * counts as not there.
 */
export class BundleStore {
  readonly #dir: string;
  /** What was put or read here, with the size of each file: to read megabytes again only to find them unchanged takes longer than a change. */
  readonly #known = new Map<Digest, readonly number[]>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Where the bundle's files lie once it is put. */
  folder(id: Digest): string {
    return join(this.#dir, id);
  }

  /** Resolves with the bundle's folder. Rejects with a StageError `commit` (`no-space`, `read-only`, `denied`, `io`) and then leaves nothing behind. */
  async put({ id, files }: StoredBundle): Promise<string> {
    const names = files.map(({ name }) => name);
    if ((await this.#isThere(id, names)) || (await this.get(id, names))) return this.folder(id);
    const folder = this.folder(id);
    try {
      removeIfThere(folder); // what is there is not it
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const { name, text } of files) createUnsynced(join(folder, name), utf8(text));
      this.#remember(id, files);
      return folder;
    } catch (cause) {
      remove(folder);
      throw diskError(`cannot keep the files under ${this.#dir}`, cause);
    }
  }

  /** The files of a bundle by their names, in that order; null when it is not there, or is not what its name says. */
  async get(id: Digest, names: readonly string[]): Promise<readonly NamedText[] | null> {
    const files = await readLive(this.folder(id), names);
    if (!files || digestsOfTexts(files).bytes !== id) return null;
    this.#remember(id, files);
    return files;
  }

  /** Removes every bundle but these. Never rejects: what could not be removed is taken the next time. */
  async keepOnly(ids: Iterable<Digest>): Promise<void> {
    const kept = new Set<string>(ids);
    for (const id of this.#known.keys()) if (!kept.has(id)) this.#known.delete(id);
    const names = await readdir(this.#dir).catch(() => []);
    for (const name of names) if (!kept.has(name)) remove(join(this.#dir, name));
  }

  #remember(id: Digest, files: readonly NamedText[]): void {
    this.#known.set(
      id,
      files.map(({ text }) => utf8(text).length),
    );
  }

  async #isThere(id: Digest, names: readonly string[]): Promise<boolean> {
    const sizes = this.#known.get(id);
    if (!sizes) return false;
    const found = await Promise.all(names.map((name) => statsOf(join(this.folder(id), name)).catch(() => null)));
    return found.every((stats, i) => stats?.isFile() && stats.size === sizes[i]);
  }
}

function remove(dir: string): void {
  try {
    removeIfThere(dir);
  } catch {}
}
