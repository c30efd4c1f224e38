import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** `uid` and `gid` null: as for any file that this process creates. */
export interface Ownership {
  readonly mode: number;
  readonly uid: number | null;
  readonly gid: number | null;
}

/** Nobody but this process's user. */
export const PRIVATE: Ownership = { mode: 0o600, uid: null, gid: null };

/** A name beside `path` for a file on its way in or out: hidden, so that no `include "*.conf"` of BIRD's sees it. */
export const besidePath = (path: string, role: 'new' | 'previous'): string =>
  join(dirname(path), `.${basename(path)}.birdconfd-${role}`);

/**
 * Puts `text` at `path` with exactly that mode and owner, all of it or none of it: any reader, and the machine after a loss of
 * power, finds the old file or the new one. A symlink is replaced, not followed. Rejects with the system's error. For one writer.
 */
export async function writeFile(path: string, text: string, ownership: Ownership): Promise<void> {
  const beside = besidePath(path, 'new');
  await createFile(beside, text, ownership);
  try {
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Creates `path` anew, in place of whatever file lies there; resolves once its bytes (its name not yet) are on the disk. */
export async function createFile(path: string, data: string | Uint8Array, ownership: Ownership): Promise<void> {
  await rm(path, { force: true });
  // "wx" follows no symlink, and until it has its owner and mode nobody else reads what may hold a password.
  const file = await open(path, 'wx', PRIVATE.mode);
  try {
    await file.writeFile(data);
    await giveTo(file, ownership);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Creates `path` (0600) anew; only its text is certain, and only while the machine runs on. */
export async function createUnsynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', PRIVATE.mode);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

/** Gives an open file its owner, then its mode, and resolves once all of it is on the disk. */
export async function giveTo(file: FileHandle, { mode, uid, gid }: Ownership): Promise<void> {
  if (uid !== null || gid !== null) await file.chown(uid ?? UNCHANGED, gid ?? UNCHANGED);
  await file.chmod(mode);
  await file.sync();
}

/** What chown(2) takes for "leave it". */
const UNCHANGED = -1;

/** Resolves once the names in `dir` are on the disk. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
