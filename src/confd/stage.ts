import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { digestOf } from '../core/digest.ts';
import { diskError } from '../host/disk-error.ts';
import { keepPrevious, type PreviousFile } from '../host/previous-file.ts';
import { errnoOf } from '../host/system-error.ts';
import { besidePath, createFile, PRIVATE, syncDirectory } from '../host/write-file.ts';
import type { LiveFile, OutputFile } from './output-file.ts';
import { isMount, putBackOver, writeOver } from './write-over.ts';

/** A file that lies complete beside its target, under a name that no `*.conf` finds. */
export interface StagedFile {
  readonly wanted: OutputFile;
  readonly live: LiveFile | null;
  readonly path: string;
  /** Whom it was given to: nobody where this user may not. */
  readonly owner: { readonly uid: number | null; readonly gid: number | null };
}

/** What a new file gets where the resource states nothing, as in confd. */
export const NEW_MODE = 0o644;
const NOBODY = { uid: null, gid: null };

/** `.nginx.conf` and digits, as confd names it; the same for one target, so that what a killed process left is replaced and never piles up. */
const stagePath = (dest: string): string =>
  join(dirname(dest), `.${basename(dest)}${Number.parseInt(digestOf(dest).slice(0, 12), 16) % 1_000_000_000}`);

/**
 * Puts the text beside its target with the mode and owner that it will have there. An owner that this user may not give is left out, as
 * in confd: `onDenied` is told. Rejects with a StageError `commit`.
 */
export async function stageFile(
  wanted: OutputFile,
  live: LiveFile | null,
  onDenied: (message: string) => void,
): Promise<StagedFile> {
  const path = stagePath(wanted.dest);
  const mode = wanted.mode ?? live?.mode ?? NEW_MODE;
  try {
    await createFile(path, wanted.text, { mode, uid: wanted.uid, gid: wanted.gid });
  } catch (cause) {
    const isOwner = errnoOf(cause) === 'EPERM' && (wanted.uid !== null || wanted.gid !== null);
    if (!isOwner) throw diskError(`cannot stage ${wanted.dest}`, cause);
    onDenied(`${wanted.dest}: its owner cannot be set by this user`);
    await createFile(path, wanted.text, { mode, ...NOBODY }).catch((again) => {
      throw diskError(`cannot stage ${wanted.dest}`, again);
    });
    return { wanted, live, path, owner: NOBODY };
  }
  return { wanted, live, path, owner: { uid: wanted.uid, gid: wanted.gid } };
}

/** Whether this user may give that owner to a file beside the target; one that cannot be tried may not. */
export async function mayGive({ dest, uid, gid }: OutputFile): Promise<boolean> {
  const path = stagePath(dest);
  try {
    await createFile(path, '', { mode: PRIVATE.mode, uid, gid });
    return true;
  } catch {
    return false;
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
}

/** Leftovers harm nobody, and the next staging replaces them. */
export const unstage = async (staged: readonly StagedFile[]): Promise<void> => {
  await Promise.all(staged.map(({ path }) => rm(path, { force: true }).catch(() => {})));
};

/** A target that is a mount of its own (a single file in a container) cannot be renamed to: it is written over, as confd does. */
async function moveInto({ path, wanted, owner }: StagedFile): Promise<void> {
  try {
    await rename(path, wanted.dest);
  } catch (error) {
    if (!isMount(error)) throw error;
    await writeOver(wanted.dest, wanted.text, { ...wanted, ...owner });
    await rm(path, { force: true });
  }
}

/**
 * Puts staged files into place, and takes those away that are `gone`: all of it, or none. On the disk when it resolves. Rejects with a
 * StageError `commit` (`no-space`, `read-only`, `denied`, `io`), and then every target is what it was before.
 */
export async function commitStaged(staged: readonly StagedFile[], gone: readonly string[]): Promise<void> {
  const previous: PreviousFile[] = [];
  const lost: string[] = [];
  const done: PreviousFile[] = [];
  const paths = [...staged.map(({ wanted }) => wanted.dest), ...gone];
  try {
    for (const path of paths) previous.push(await keepPrevious(path));
    for (const [i, file] of previous.entries()) {
      const one = staged[i];
      done.push(file);
      if (one) await moveInto(one);
      else await rm(file.path, { force: true });
    }
    for (const dir of new Set(paths.map((path) => dirname(path)))) await syncDirectory(dir);
  } catch (cause) {
    for (const file of done.reverse()) await putBackOver(file).catch(() => lost.push(file.path));
    const warning = lost.map((path) => ` (${path} could not be put back: it is ${besidePath(path, 'previous')})`);
    throw diskError(`cannot write ${paths.join(', ')}${warning.join('')}`, cause);
  } finally {
    const leftovers = previous.filter(({ path }) => !lost.includes(path));
    await Promise.all(leftovers.map(({ path }) => rm(besidePath(path, 'previous'), { force: true }).catch(() => {})));
  }
}
