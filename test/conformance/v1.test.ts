import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { MAIN } from '../support/cli.ts';

const conformance = fileURLToPath(new URL('../../../shared/conformance', import.meta.url));
const isThere = existsSync(`${conformance}/corpus-v1`);
if (!isThere) console.log(`skipped: the cases of v0.22 are not at ${conformance}/corpus-v1`);

it.skipIf(!isThere)(
  'data of v0.22 give what its own templates gave, in every case',
  async () => {
    // The runner does nothing where it is called by another path than its own.
    const args = [realpathSync(`${conformance}/run.mjs`), '--corpus', `${conformance}/corpus-v1`, '--diff'];
    const command = ['--cmd', `${process.execPath} ${MAIN}`];
    const { stdout } = await promisify(execFile)(process.execPath, [...args, ...command]);
    expect(stdout).toMatch(/^16 passed, 0 failed$/m);
  },
  120_000,
);
