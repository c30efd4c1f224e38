import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { MAIN } from '../support/cli.ts';
import { startEtcd } from '../support/etcd.ts';
import { temporaryFolder } from '../support/folder.ts';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const run = promisify(execFile);

/** The commands of the README's quick start, each with its lines (a here-document's too), and what is printed after it. */
async function quickStart() {
  const readme = await readFile(README, 'utf8');
  const block = /<!-- quick start -->\n```\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const steps: { command: string; output: string; open: boolean }[] = [];
  for (const line of block.trimEnd().split('\n')) {
    const last = steps.at(-1);
    if (last?.open) {
      last.command += `\n${line}`;
      last.open = line !== 'END';
    } else if (line.startsWith('$ '))
      steps.push({ command: line.slice(2), output: '', open: line.includes("<<'END'") });
    else if (last) last.output += `${line}\n`;
  }
  return steps;
}

it('the quick start of generic mode says what a terminal shows', async () => {
  const dir = await temporaryFolder();
  const etcd = await startEtcd();
  onTestFinished(() => etcd.stop());
  await mkdir(join(dir, 'bin'));
  for (const name of ['etc', 'var/log']) await mkdir(join(dir, name), { recursive: true });
  // As npm links the bin.
  await symlink(MAIN, join(dir, 'bin/confd'));
  const here = (text: string) =>
    text
      .replaceAll('/etc/', `${dir}/etc/`)
      .replaceAll('/var/log/', `${dir}/var/log/`)
      .replaceAll('http://127.0.0.1:2379', etcd.endpoint);
  const there = (text: string) =>
    text
      .replaceAll(dir, '')
      .replaceAll(etcd.endpoint, 'http://127.0.0.1:2379')
      .replace(/^20\S+Z /gm, '2026-11-22T10:02:11.000Z ');
  const env = {
    PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
    ETCDCTL_API: '3',
    ETCDCTL_ENDPOINTS: etcd.endpoint,
    CONFD_CONFDIR: join(dir, 'etc/confd'),
    CONFD_CONFIG_FILE: join(dir, 'etc/confd/confd.toml'),
    CONFD_STATE_DIR: join(dir, 'state'),
  };
  const steps = await quickStart();
  const shown: string[] = [];
  for (const { command } of steps) {
    const { stdout } = await run('/bin/sh', ['-c', `exec 2>&1\n${here(command)}`], { env });
    shown.push(`$ ${command}\n${there(stdout)}`);
  }
  expect(shown.join('')).toBe(steps.map(({ command, output }) => `$ ${command}\n${output}`).join(''));
  expect(steps.length).toBeGreaterThan(9);
});
