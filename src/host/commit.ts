import { readFileSync, renameSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NamedText } from '../core/named-text.ts';
import { utf8 } from '../core/utf8.ts';
import { diskError } from './disk-error.ts';
import { keepForeign } from './foreign-file.ts';
import { isOwned } from './own-files.ts';
import { keepPrevious, type PreviousFile, putBack } from './previous-file.ts';
import { removeIfThere, statsOf } from './system-error.ts';
import { besidePath, createFile, type Ownership, syncDirectory } from './write-file.ts';

/** The folder that the daemon reads, and whose the files in it shall be. */
export interface CommitOptions extends Ownership {
  readonly output: string;
}

/** Files that lie in the output folder under hidden names, on the disk, and wait to be renamed. To be committed or discarded, once. */
export interface StagedFiles {
  /** Those that were not there already, and their inodes. */
  readonly made: readonly (NamedText & { readonly ino: bigint })[];
  /** As `commitFiles`. */
  commit(): Promise<void>;
  /** Leaves nothing of them. Never rejects. */
  discard(): Promise<void>;
}

/** Whether the file lies there as a commit would leave it. What has another size need not be read. */
async function isThere(path: string, text: string, wanted: Ownership): Promise<boolean> {
  const stats = await statsOf(path);
  if (!stats?.isFile() || stats.size !== utf8(text).length || !isOwned(stats, wanted)) return false;
  return readFileSync(path, 'utf8') === text;
}

/**
 * Does of a commit what takes room, rights or time, and touches nothing that anybody reads. A file that is there already is left alone.
 * Rejects as `commitFiles` does, and then leaves nothing behind.
 */
export async function stageFiles(files: readonly NamedText[], options: CommitOptions): Promise<StagedFiles> {
  const { output } = options;
  const ordered = [...files.slice(1), ...files.slice(0, 1)].map(({ name, text }) => ({
    name,
    path: join(output, name),
    text,
  }));
  const paths = ordered.map(({ path }) => path);
  try {
    await makeOutput(output);
    const isNew = await Promise.all(ordered.map(async ({ path, text }) => !(await isThere(path, text, options))));
    const changed = ordered.filter((_, i) => isNew[i]);
    // All of them are made before one that fails is told: none may still be written when they are removed.
    const made = await Promise.allSettled(
      changed.map(async ({ name, path, text }) => ({
        name,
        text,
        ino: await createFile(besidePath(path, 'new'), utf8(text), options),
      })),
    );
    const failed = made.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    const changedPaths = changed.map(({ path }) => path);
    return {
      made: made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
      commit: () => renameAll(output, changedPaths, paths),
      discard: () => removeBeside(paths),
    };
  } catch (cause) {
    await removeBeside(paths);
    throw diskError(`cannot write to ${output}`, cause);
  }
}

/**
 * Puts files into the output folder (made if absent, 0755) under their names: each at once by a rename, files[0] last,
 * all on the disk when it resolves. A symlink is replaced, not followed; a foreign file is kept before (see keepForeign).
 * Rejects with a StageError `commit` (`no-space`, `read-only`, `denied`, `io`; retryable), and then no file of the bundle differs from
 * before. For one writer of the folder at a time.
 */
export const commitFiles = async (files: readonly NamedText[], options: CommitOptions): Promise<void> =>
  (await stageFiles(files, options)).commit();

/** Renames the staged files of `changed`, in order; `paths` are those of the whole bundle. */
async function renameAll(output: string, changed: readonly string[], paths: readonly string[]): Promise<void> {
  const replaced: PreviousFile[] = [];
  try {
    for (const path of changed) await keepForeign(path);
    const previous: PreviousFile[] = [];
    for (const path of changed) previous.push(await keepPrevious(path));
    for (const file of previous) {
      renameSync(besidePath(file.path, 'new'), file.path);
      replaced.push(file);
    }
    await syncDirectory(output);
  } catch (cause) {
    const lost = await undo(replaced.reverse());
    await removeBeside(paths.filter((path) => !lost.some((file) => file.path === path)));
    const warning = lost.map(({ path, kept }) => ` (${path} could not be put back: it is ${kept ?? 'to be removed'})`);
    throw diskError(`cannot write to ${output}${warning.join('')}`, cause);
  }
  await removeBeside(paths);
}

/** mkdir's own mode is cut by the umask, and then the daemon's user could not look into the folder. */
async function makeOutput(output: string): Promise<void> {
  const made = await mkdir(output, { recursive: true });
  if (made === undefined) return;
  for (let dir = output; ; dir = dirname(dir)) {
    await chmod(dir, 0o755);
    if (dir === made || dir === dirname(dir)) return;
  }
}

/** Puts back what was replaced and returns what could not be. */
async function undo(replaced: readonly PreviousFile[]): Promise<readonly PreviousFile[]> {
  const lost: PreviousFile[] = [];
  for (const file of replaced) {
    await putBack(file).catch(() => lost.push(file));
  }
  return lost;
}

/** Leftovers under these names harm nobody, and the next commit replaces them. */
async function removeBeside(paths: readonly string[]): Promise<void> {
  for (const path of paths.flatMap((each) => [besidePath(each, 'new'), besidePath(each, 'previous')])) {
    try {
      removeIfThere(path);
    } catch {}
  }
}
