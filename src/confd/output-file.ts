import { constants, open } from 'node:fs/promises';
import { type Digest, digestOfAll } from '../core/digest.ts';
import { diskError } from '../host/disk-error.ts';
import { errnoOf } from '../host/system-error.ts';
import type { Ownership } from '../host/write-file.ts';

/**
 * One file that a resource wants to be there. `mode` null: what the file has, else 0644. `uid` and `gid` null: whoever's it is, until another text is
 * written: then the running user's, as in confd.
 */
export interface OutputFile {
  readonly dest: string;
  readonly text: string;
  readonly mode: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
}

/** What lies at a target now. */
export interface LiveFile extends Ownership {
  readonly text: string;
  readonly uid: number;
  readonly gid: number;
}

/** Nothing there, or what is no plain file and is replaced by one. */
const NOT_PLAIN: readonly string[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'];

/** What lies at `dest`; null when nothing does, or what is no plain file. Rejects with a StageError `commit`. */
export async function readLiveFile(dest: string): Promise<LiveFile | null> {
  try {
    const file = await open(dest, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) return null;
      return { text: await file.readFile('utf8'), mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (NOT_PLAIN.includes(errnoOf(cause))) return null;
    throw diskError(`cannot read ${dest}`, cause);
  }
}

/** Whether the file that is there is the one that is wanted, in all that was stated. */
export const isSameFile = (wanted: OutputFile, live: LiveFile | null): boolean =>
  live !== null &&
  live.text === wanted.text &&
  (wanted.mode === null || wanted.mode === live.mode) &&
  (wanted.uid === null || wanted.uid === live.uid) &&
  (wanted.gid === null || wanted.gid === live.gid);

/** One digest of a unit's files as they are wanted. */
export const digestOfOutputs = (files: readonly OutputFile[]): Digest =>
  digestOfAll(files.flatMap(({ dest, text, mode, uid, gid }) => [dest, text, `${mode} ${uid} ${gid}`]));
