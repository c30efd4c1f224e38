import { execFile } from 'node:child_process';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

describe('the example project', () => {
  it('runs as an outsider would run it: packed, installed into an empty folder, tested', async () => {
    const dir = await temporaryFolder();
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], { cwd: root });
    const [tarball] = await readdir(dir);
    await cp(join(root, 'fixtures/example-project'), dir, { recursive: true });
    await run('npm', ['install', '--no-audit', '--no-fund', `./${tarball}`], { cwd: dir });
    // Its own vitest, not this one's: what this one sets in the environment is not for it.
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    const report = join(dir, 'report.json');
    await run('npx', ['vitest', 'run', '--reporter=json', `--outputFile=${report}`], { cwd: dir, env });
    const { numPassedTests, numFailedTests } = JSON.parse(await readFile(report, 'utf8'));
    expect({ numPassedTests, numFailedTests }).toEqual({ numPassedTests: 3, numFailedTests: 0 });
    const { stdout } = await run('npx', ['birdconfd', 'test', 'cases', '--check', 'none'], { cwd: dir, env });
    expect(stdout).toContain('1 passed (1)');
  }, 300_000);
});
