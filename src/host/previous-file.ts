import { renameSync, rmSync } from 'node:fs';
import { keepBeside } from './keep-beside.ts';
import { removeIfThere, statsOf } from './system-error.ts';
import { besidePath } from './write-file.ts';

/** What lay at `path` before it was replaced. */
export interface PreviousFile {
  readonly path: string;
  /** Where it is kept meanwhile; null where nothing lay at `path`. */
  readonly kept: string | null;
}

/** Keeps what lies at `path`, so that it can be put back. Rejects with the system's error, also where a folder lies there. */
export async function keepPrevious(path: string): Promise<PreviousFile> {
  if ((await statsOf(path)) === null) return { path, kept: null };
  const kept = besidePath(path, 'previous');
  removeIfThere(kept);
  await keepBeside(path, kept);
  return { path, kept };
}

/** Makes `path` what it was. Rejects with the system's error; what was kept is then still where it is kept. */
export async function putBack({ path, kept }: PreviousFile): Promise<void> {
  if (kept === null) rmSync(path, { force: true });
  else renameSync(kept, path);
}
