import { statsOf } from './system-error.ts';

/** Whether what lies at `path` was made after what lies at `other`: a daemon makes its socket just before it reads its file. False where either is missing. */
export async function isNewer(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([statsOf(path), statsOf(other)]);
  return one !== null && two !== null && one.mtimeMs > two.mtimeMs;
}
