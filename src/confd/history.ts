import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { digestOf } from '../core/digest.ts';
import { byBytes } from '../core/order.ts';
import { diskError } from '../host/disk-error.ts';
import { createFile, PRIVATE } from '../host/write-file.ts';

/** Where the earlier versions of a target lie, each under the time at which it was replaced. */
export const historyDir = (stateDir: string, dest: string): string =>
  join(stateDir, 'history', `${basename(dest)}-${digestOf(dest).slice(0, 8)}`);

/** Keeps what is about to be replaced (0600), and no more than `count` of them, the newest. Rejects with a StageError `commit`. */
export async function keepVersion(
  dir: string,
  bytes: Buffer,
  { now, count }: { now: number; count: number },
): Promise<void> {
  if (count === 0) return;
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const name = new Date(now).toISOString().replace(/[:.]/g, '-');
    await createFile(join(dir, name), bytes, PRIVATE);
    const old = (await readdir(dir)).sort(byBytes).slice(0, -count);
    await Promise.all(old.map((one) => rm(join(dir, one), { force: true })));
  } catch (cause) {
    throw diskError(`cannot keep the earlier version under ${dir}`, cause);
  }
}
