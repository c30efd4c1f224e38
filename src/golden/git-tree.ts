import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, UsageError } from '../core/errors.ts';

const run = promisify(execFile);

/** Folders of a git working tree as they were at a revision. */
export interface GitTree {
  /** Where a folder of the working tree lies in the copy; itself where it is in another tree, or in none. */
  at(path: string): string;
  /** Removes the copy. */
  close(): Promise<void>;
}

async function git(cwd: string, args: readonly string[]): Promise<string> {
  try {
    return (await run('git', ['-C', cwd, ...args])).stdout.trim();
  } catch (error) {
    throw new UsageError(`--against: ${messageOf(error).split('\n').slice(1).join(' ').trim() || messageOf(error)}`);
  }
}

/**
 * Copies of `folders` (absolute, in the working tree that the first of them is in) as they were at `revision`; one that was not there
 * then is not in the copy. Rejects with a UsageError where there is no such revision, or no git.
 */
export async function gitTree(revision: string, folders: readonly [string, ...string[]]): Promise<GitTree> {
  const start = await realpath(folders[0]).catch(() => dirname(folders[0]));
  const root = await git(start, ['rev-parse', '--show-toplevel']);
  const commit = await git(root, ['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`]);
  const inside = (path: string): string | null => {
    const below = relative(root, path);
    return below.startsWith('..') ? null : below;
  };
  const wanted = (await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)))).map(inside);
  const copy = await mkdtemp(join(tmpdir(), 'birdconfd-git-'));
  try {
    for (const path of new Set(wanted.filter((each) => each !== null))) {
      const isThere = path === '' || (await git(root, ['ls-tree', '-d', '--name-only', commit, '--', path])) !== '';
      if (!isThere) continue;
      const archive = join(copy, 'archive.tar');
      await git(root, ['archive', '--output', archive, commit, ...(path === '' ? [] : ['--', path])]);
      await run('tar', ['-xf', archive, '-C', copy]);
      await rm(archive);
    }
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    throw error;
  }
  return {
    at: (path) => {
      const below = inside(path);
      return below === null ? path : join(copy, below);
    },
    close: () => rm(copy, { recursive: true, force: true }),
  };
}
