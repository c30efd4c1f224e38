import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh folder, under the system's one for temporary files or under `parent`; removed when the test that asked for it has finished. */
export async function temporaryFolder(parent = tmpdir()): Promise<string> {
  const dir = await mkdtemp(join(parent, 'birdconfd-test-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
