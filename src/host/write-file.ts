import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { removeIfThere } from './system-error.ts';

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
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Creates `path` anew, in place of whatever file lies there; resolves with its inode once its bytes (its name not yet) are on the disk. */
export async function createFile(path: string, data: string | Uint8Array, ownership: Ownership): Promise<bigint> {
  removeIfThere(path);
  // "wx" follows no symlink, and until it has its owner and mode nobody else reads what may hold a password.
  const file = openSync(path, 'wx', PRIVATE.mode);
  try {
    writeFileSync(file, data);
    await giveTo(file, ownership);
    return fstatSync(file, { bigint: true }).ino;
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Creates `path` (0600) anew; only its bytes are certain, and only while the machine runs on. */
export function createUnsynced(path: string, data: string | Uint8Array): void {
  writeFileSync(path, data, { flag: 'wx', mode: PRIVATE.mode });
}

/** Gives an open file (its descriptor) its owner, then its mode, and resolves once all of it is on the disk. */
export async function giveTo(file: number, { mode, uid, gid }: Ownership): Promise<void> {
  if (uid !== null || gid !== null) fchownSync(file, uid ?? UNCHANGED, gid ?? UNCHANGED);
  fchmodSync(file, mode);
  await synced(file);
}

const synced = promisify(fsync);

/** What chown(2) takes for "leave it". */
const UNCHANGED = -1;

/** Resolves once the names in `dir` are on the disk. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = openSync(dir, 'r');
  try {
    await synced(handle);
  } finally {
    closeSync(handle);
  }
}
