import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedText } from '../core/named-text.ts';
import { utf8 } from '../core/utf8.ts';
import { diskError } from './disk-error.ts';
import { errnoOf } from './system-error.ts';

/**
 * The files as they lie in `output`, `names` in the bundle's order; null when any of them is not there as a plain file.
 * Rejects with a StageError `commit` when a file cannot be read.
 *
 * A symlink counts as not there, whatever it leads to: who put it there decides what is read through it from now on, with which mode
 * and owner. So the plan writes, and the commit puts our own file in its place.
 */
export const readLive = async (output: string, names: readonly string[]): Promise<readonly NamedText[] | null> =>
  new LiveFolder(output).read(names, 0);

/** What tells one state of a file from another without reading it. */
const markOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string => [dev, ino, size, mtimeNs, ctimeNs].join();

/** The times of a file move in steps of some milliseconds, in which somebody may have written, too: after this long it is read again. */
const REREAD_MS = 60_000;

interface KnownFile {
  readonly mark: string;
  readonly text: string;
  readonly since: number;
}

/** The files of one folder, which are read again only where they may have changed: megabytes take longer to read than a pass takes. */
export class LiveFolder {
  readonly #output: string;
  readonly #known = new Map<string, KnownFile>();

  constructor(output: string) {
    this.#output = output;
  }

  /** As `readLive`, at `now` (ms). A file that did not change has the same text object. */
  async read(names: readonly string[], now: number): Promise<readonly NamedText[] | null> {
    const files: NamedText[] = [];
    for (const name of names) {
      const known = this.#known.get(name);
      const found = readPlain(join(this.#output, name), known && now - known.since < REREAD_MS ? known : null);
      if (found === null) return null;
      if (found !== known) this.#known.set(name, { ...found, since: now });
      files.push({ name, text: found.text });
    }
    return files;
  }

  /** Notes what was just put there: of each file the inode and the text. Where something else lies there already, it is read the next time. */
  wrote(files: readonly (NamedText & { readonly ino: bigint })[], now: number): void {
    for (const { name, text, ino } of files) {
      const stats = lstatSync(join(this.#output, name), { bigint: true, throwIfNoEntry: false });
      if (stats?.ino !== ino || stats.size !== BigInt(utf8(text).length)) this.#known.delete(name);
      else this.#known.set(name, { mark: markOf(stats), text, since: now });
    }
  }
}

/** Not to wait for a writer where the name has become a pipe's. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Nothing there, a symlink, a socket. */
const NOT_PLAIN: readonly string[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'];

/** `known` itself where the file is in that state. */
function readPlain<T extends { readonly mark: string }>(path: string, known: T | null) {
  try {
    const file = openSync(path, FLAGS);
    try {
      const stats = fstatSync(file, { bigint: true });
      if (!stats.isFile()) return null;
      const mark = markOf(stats);
      return known?.mark === mark ? known : { mark, text: readFileSync(file, 'utf8') };
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (NOT_PLAIN.includes(errnoOf(cause))) return null;
    throw diskError(`cannot read ${path}`, cause);
  }
}
