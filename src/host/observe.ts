import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedText } from '../core/named-text.ts';
import { diskError } from './disk-error.ts';
import { errnoOf } from './system-error.ts';

/**
 * The files as they lie in `output`, `names` in the bundle's order; null when any of them is not there as a plain file.
 * Rejects with a StageError `commit` when a file cannot be read.
 *
 * A symlink counts as not there, whatever it leads to: who put it there decides what is read through it from now on, with which mode
 * and owner. So the plan writes, and the commit puts our own file in its place.
 */
export async function readLive(output: string, names: readonly string[]): Promise<readonly NamedText[] | null> {
  const files: NamedText[] = [];
  for (const name of names) {
    const text = readPlain(join(output, name));
    if (text === null) return null;
    files.push({ name, text });
  }
  return files;
}

/** Not to wait for a writer where the name has become a pipe's. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Nothing there, a symlink, a socket. */
const NOT_PLAIN: readonly string[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'];

function readPlain(path: string): string | null {
  try {
    const file = openSync(path, FLAGS);
    try {
      return fstatSync(file).isFile() ? readFileSync(file, 'utf8') : null;
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (NOT_PLAIN.includes(errnoOf(cause))) return null;
    throw diskError(`cannot read ${path}`, cause);
  }
}
