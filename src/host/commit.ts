import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NamedText } from '../core/named-text.ts';
import { diskError } from './disk-error.ts';
import { keepForeign } from './foreign-file.ts';
import { keepPrevious, type PreviousFile, putBack } from './previous-file.ts';
import { besidePath, createFile, type Ownership, syncDirectory } from './write-file.ts';

/** The folder that the daemon reads, and whose the files in it shall be. */
export interface CommitOptions extends Ownership {
  readonly output: string;
}

/**
 * Puts files into the output folder (made if absent, 0755) under their names: each at once by a rename, files[0] last,
 * all on the disk when it resolves. A symlink is replaced, not followed; a foreign file is kept before (see keepForeign).
 * Rejects with a StageError `commit` (`no-space`, `read-only`, `denied`, `io`; retryable), and then no file of the bundle differs from
 * before. For one writer of the folder at a time.
 */
export async function commitFiles(files: readonly NamedText[], options: CommitOptions): Promise<void> {
  const { output } = options;
  const ordered = [...files.slice(1), ...files.slice(0, 1)];
  const paths = ordered.map(({ name }) => join(output, name));
  const replaced: PreviousFile[] = [];
  try {
    await makeOutput(output);
    // All that takes room or rights comes before the first rename.
    for (const { name, text } of ordered) await createFile(besidePath(join(output, name), 'new'), text, options);
    for (const path of paths) await keepForeign(path);
    const previous: PreviousFile[] = [];
    for (const path of paths) previous.push(await keepPrevious(path));
    for (const file of previous) {
      await rename(besidePath(file.path, 'new'), file.path);
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
  const leftovers = paths.flatMap((path) => [besidePath(path, 'new'), besidePath(path, 'previous')]);
  await Promise.all(leftovers.map((path) => rm(path, { force: true }).catch(() => {})));
}
