import { constants } from 'node:fs';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { type PreviousFile, putBack } from '../host/previous-file.ts';
import { errnoOf } from '../host/system-error.ts';

/** A file that is a mount of its own, as Docker and Kubernetes make them: nothing can be renamed to it. */
export const isMount = (error: unknown): boolean => ['EBUSY', 'EXDEV'].includes(errnoOf(error));

/**
 * Writes over the file at `path`, which stays the same file; what is stated of mode and owner becomes so. On the disk when it resolves.
 * Whoever reads meanwhile, or after a crash, may see a part. Rejects with the system's error.
 */
export async function writeOver(
  path: string,
  data: string | Uint8Array,
  { mode, uid, gid }: { readonly mode: number | null; readonly uid: number | null; readonly gid: number | null },
): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    if (uid !== null || gid !== null) await file.chown(uid ?? -1, gid ?? -1);
    // Before the text: it may be one that others must not see.
    if (mode !== null) await file.chmod(mode);
    await file.truncate(0);
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** As `putBack`, also for a mount. */
export async function putBackOver(file: PreviousFile): Promise<void> {
  try {
    await putBack(file);
  } catch (error) {
    if (file.kept === null || !isMount(error)) throw error;
    const { mode, uid, gid } = await stat(file.kept);
    await writeOver(file.path, await readFile(file.kept), { mode: mode & 0o7777, uid, gid });
    await rm(file.kept, { force: true });
  }
}
