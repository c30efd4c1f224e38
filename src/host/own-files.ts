import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { CommitOptions } from './commit.ts';
import { diskError } from './disk-error.ts';
import { statsOf } from './system-error.ts';
import { giveTo, type Ownership } from './write-file.ts';

/** Whether a file has the mode, and the owner where one is wanted. */
export const isOwned = (
  found: { readonly mode: number; readonly uid: number; readonly gid: number },
  wanted: Ownership,
) =>
  (found.mode & 0o7777) === wanted.mode &&
  (wanted.uid === null || found.uid === wanted.uid) &&
  (wanted.gid === null || found.gid === wanted.gid);

/**
 * Gives files that lie in the output folder the mode and owner that a commit would give them now: the control socket's group may have
 * become another, and the daemon's user could no longer read them. What is not a plain file is left to the commit.
 * Rejects with a StageError `commit`.
 */
export async function ownFiles(names: readonly string[], options: CommitOptions): Promise<void> {
  for (const name of names) {
    const path = join(options.output, name);
    try {
      const found = await statsOf(path);
      if (!found?.isFile() || isOwned(found, options)) continue;
      const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        await giveTo(file, options);
      } finally {
        closeSync(file);
      }
    } catch (cause) {
      throw diskError(`cannot give ${path} its owner and mode`, cause);
    }
  }
}
