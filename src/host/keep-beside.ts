import { linkSync } from 'node:fs';
import { lstat, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { besidePath, createFile } from './write-file.ts';

/**
 * Keeps what lies at `path` also at `to`, in the same folder, where nothing lies: same bytes, mode and owner; a symlink as
 * a symlink. `to` is there as a whole or not at all. Rejects with the system's error, also where `path` is a folder.
 */
export async function keepBeside(path: string, to: string): Promise<void> {
  try {
    // On Linux, link(2) does not follow a symlink.
    linkSync(path, to);
  } catch (error) {
    await copyBeside(path, to, error);
  }
}

/** Some file systems know no second name, and Linux denies one to who does not own the file (fs.protected_hardlinks). */
async function copyBeside(path: string, to: string, error: unknown): Promise<void> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) return symlink(await readlink(path), to);
  if (stats.isDirectory()) throw new Error(`${path} is a folder`);
  if (!stats.isFile()) throw error;
  const copy = besidePath(to, 'new');
  await rm(copy, { force: true });
  await createFile(copy, await readFile(path), { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid });
  await rename(copy, to);
}
