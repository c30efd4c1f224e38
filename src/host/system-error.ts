import { lstatSync, rmSync, type Stats, unlinkSync } from 'node:fs';

/** The system's name for what went wrong, as ENOENT; empty when `thrown` is no error of the system's. */
export const errnoOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';

/** Resolves with null where there is no such file; rejects as `reading` does for any other reason. */
export async function ifThere<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Of what lies at `path` itself, not of what it leads to; null where nothing lies. Rejects with the system's error.
 *
 * Here, and wherever files of ours are read, named or removed: what does not wait for the disk is asked at once. A change takes dozens of such
 * calls of a few microseconds, and each trip through the thread pool takes longer than that, on a busy machine a thousand times. Only syncing waits.
 */
export const statsOf = async (path: string): Promise<Stats | null> =>
  lstatSync(path, { throwIfNoEntry: false }) ?? null;

/** Removes a file, or a folder with all that is in it, if it is there. Throws the system's error. To remove what is not there costs an error that nobody sees. */
export function removeIfThere(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) rmSync(path, { recursive: true, force: true });
  else if (stats) unlinkSync(path);
}
