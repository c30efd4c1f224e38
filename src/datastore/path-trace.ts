import { lstat, readlink } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';

/** A name in a directory, neither of which contains a link: whoever replaces what it names changes where a path leads. */
export interface PathPoint {
  readonly directory: string;
  readonly name: string;
}

/** As many links as Linux follows. */
const MAX_LINKS = 40;

/**
 * The points on which it depends where `path` leads: each link on the way, and the end itself or else the first name that
 * is not there. Watching them notices a file replaced by rename, a swapped `..data` of a Kubernetes volume, and a tree that
 * is removed and made again. Never rejects.
 */
export async function tracePath(path: string): Promise<readonly PathPoint[]> {
  const points: PathPoint[] = [];
  let here: string = sep;
  let rest = namesOf(resolve(path));
  for (let links = 0; rest.length > 0 && links <= MAX_LINKS; ) {
    const [name = '', ...after] = rest;
    const next = join(here, name);
    const target = await linkTarget(next);
    if (target === null || typeof target === 'string') points.push({ directory: here, name });
    if (target === null) return points;
    if (typeof target === 'string') {
      links++;
      rest = [...namesOf(resolve(here, target)), ...after];
      here = sep;
    } else {
      here = next;
      rest = after;
    }
  }
  return [...points, { directory: dirname(here), name: basename(here) }];
}

const namesOf = (path: string): string[] => path.split(sep).filter((name) => name !== '');

/** Where the link at `path` points to; undefined for what is no link, null when nothing is there or it cannot be told. */
async function linkTarget(path: string): Promise<string | undefined | null> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch {
    return null;
  }
}
