import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const INSTALL = 'npm install --save-dev birdconfd';

/** The first two blocks of the chapter: the commands, and what the fourth prints. */
async function chapter(): Promise<readonly [string, string]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const text = readme.split('\n## Regression tests\n')[1] ?? '';
  const [commands = '', shown = ''] = [...text.matchAll(/^```\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
  return [commands, shown];
}

/** A command and its here-document are one. */
const commandsOf = (block: string): readonly string[] => block.match(/[^\n]*<<'END'\n.*?^END$|[^\n]+/gms) ?? [];

const withoutTimes = (text: string): string => text.replace(/\d+ ms/g, 'N ms');

it('the README leads from nothing to a golden that has failed and was accepted', { timeout: 300_000 }, async () => {
  const dir = await temporaryFolder();
  const work = join(dir, 'work');
  await mkdir(work);
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], { cwd: root });
  const [tarball = ''] = (await readdir(dir)).filter((name) => name.endsWith('.tgz'));
  const [block, shown] = await chapter();
  const commands = commandsOf(block);
  expect(commands).toHaveLength(5);
  expect(commands[0]).toBe(INSTALL);
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const results: { readonly code: number; readonly stdout: string }[] = [];
  for (const command of commands) {
    const here = command === INSTALL ? command.replace(/birdconfd$/, join(dir, tarball)) : command;
    const done = run('bash', ['-c', here], { cwd: work, env });
    results.push(
      await done.then(
        ({ stdout }) => ({ code: 0, stdout }),
        ({ code, stdout }) => ({ code, stdout }),
      ),
    );
  }
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 2, 0]);
  const [beginning = ''] = shown.split('  …\n');
  expect(withoutTimes(results[3]?.stdout ?? '').slice(0, withoutTimes(beginning).length)).toBe(withoutTimes(beginning));
  expect(results[4]?.stdout).toContain('1 updated (1)');
  expect((await run('npx', ['birdconfd', 'test', 'cases'], { cwd: work, env })).stdout).toContain('1 passed (1)');
});
