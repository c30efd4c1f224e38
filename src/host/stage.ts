import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle } from '../render/bundle.ts';
import { diskError } from './disk-error.ts';
import { createFile, PRIVATE } from './write-file.ts';

/** A bundle written where only this process's user reads it: complete, so that BIRD can check it with its includes. */
export interface StagedBundle {
  readonly dir: string;
  readonly bundle: Bundle;
  /** Removes what is left of it. Never rejects: `sweepStage` takes at the next start what could not be removed. */
  discard(): Promise<void>;
}

const PREFIX = 'stage-';

/**
 * Writes all files of `bundle` into a fresh folder (0700) under `dir`, which is made if absent; files are 0600, and on the
 * disk. Rejects with a StageError `commit` (`no-space`, `read-only`, `denied`, `io`) and then leaves nothing behind.
 */
export async function stageBundle(bundle: Bundle, dir: string): Promise<StagedBundle> {
  let staged: string | null = null;
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    staged = await mkdtemp(join(dir, PREFIX));
    for (const file of bundle.files) await createFile(join(staged, file.name), file.text, PRIVATE);
  } catch (cause) {
    if (staged !== null) await remove(staged);
    throw diskError(`cannot stage the files under ${dir}`, cause);
  }
  const at = staged;
  return { dir: at, bundle, discard: () => remove(at) };
}

/** Removes what a predecessor left under `dir`. Only for who owns the folder, before the first bundle is staged there. */
export async function sweepStage(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  await Promise.all(names.filter((name) => name.startsWith(PREFIX)).map((name) => remove(join(dir, name))));
}

const remove = (dir: string): Promise<void> => rm(dir, { recursive: true, force: true }).catch(() => {});
