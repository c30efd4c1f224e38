import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import { createUnsynced } from '../host/write-file.ts';
import type { Settings } from '../settings.ts';
import { EXIT } from './exit-codes.ts';
import { supportParts } from './support-parts.ts';

/** `20261122T100211Z`. */
const stamp = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');

async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { mode: 0o700 });
  } catch (thrown) {
    throw new UsageError(`support: cannot make ${dir}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/**
 * `birdconfd support [DIR]`: everything that helps to understand this node, a file each, in a new folder (0700, files 0600), without a
 * password. What cannot be had, of a service or a BIRD that is down, is told in `missing.txt`, and no reason to fail. Prints the folder.
 */
export async function supportVerb(settings: Settings, given: string | null): Promise<number> {
  const dir = resolve(given ?? `birdconfd-support-${settings.nodeName}-${stamp(systemClock.now())}`);
  await makeFolder(dir);
  const missing: string[] = [];
  for (const { name, make } of supportParts(settings)) {
    try {
      for (const file of await make()) {
        const path = join(dir, file.name);
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await createUnsynced(path, file.text);
      }
    } catch (thrown) {
      missing.push(`${name}: ${messageOf(thrown)}\n`);
    }
  }
  if (missing.length > 0) await createUnsynced(join(dir, 'missing.txt'), missing.join(''));
  process.stderr.write(missing.map((line) => `missing: ${line}`).join(''));
  process.stdout.write(`${dir}\n`);
  return EXIT.ok;
}
