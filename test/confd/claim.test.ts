import { writeFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { askSocket } from '../../src/control/ask-socket.ts';
import { runCli, startCli } from '../support/cli.ts';
import { confdBench } from '../support/confd-bench.ts';
import { eventually } from '../support/eventually.ts';

const VALUES = '{"a": {"v": "1"}}';
const bench = async () => {
  const one = await confdBench(['-backend', 'file']);
  const place = ['-file', one.at('values.json')];
  await writeFile(one.at('values.json'), VALUES);
  await one.resource('one');
  return { ...one, place };
};

it('two processes never work with one state directory: the second names the first and ends, and a noop may look', async () => {
  const { start, once, at, read, place, write } = await bench();
  const first = start(...place);
  await eventually(async () => expect(await read('out/one')).toBe('v=1\n'));
  const second = await once(...place);
  expect(second.code).toBe(1);
  expect(second.err).toContain(`the birdconfd with pid ${first.child.pid} runs on it`);
  await write('templates/t', 'w={{getv "/a/v"}}\n');
  const noop = await once(...place, '-noop');
  expect(noop.code).toBe(0);
  const asked = await askSocket(at('state'), 'birdconfd.sock', { method: 'GET', path: '/livez', timeoutMs: 5000 });
  expect(asked).toMatchObject({ kind: 'answered', status: 200, text: 'alive\n' });
  await first.stop('SIGKILL');
  expect((await once(...place)).code).toBe(0);
  expect(await read('out/one')).toBe('w=1\n');
});

it('a state directory that cannot be is none: everything goes on, with a warning', async () => {
  const { once, at, read, place } = await bench();
  await writeFile(at('file'), '');
  const { code, err } = await once(...place, '-state-dir', at('file/state'));
  expect({ code, text: await read('out/one') }).toEqual({ code: 0, text: 'v=1\n' });
  expect(err).toContain('owed reloads are not remembered');
});

it('SIGHUP takes another state directory, or keeps the old one where that is taken', async () => {
  const { start, at, read, write, place, args } = await bench();
  const toml = (dir: string) => write('confd.toml', `state-dir = "${at(dir)}"\n`);
  await toml('state-a');
  const own = args(...place).filter((word, i, all) => word !== '-state-dir' && all[i - 1] !== '-state-dir');
  const confd = startCli([...own, '-watch']);
  onTestFinished(() => confd.stop('SIGKILL').then(() => undefined));
  await eventually(async () => expect(await read('out/one')).toBe('v=1\n'));
  const other = start(...place, '-state-dir', at('state-b'));
  await other.logged(/in-sync/);
  await toml('state-b');
  confd.child.kill('SIGHUP');
  await confd.logged(/settings-refused .*the old settings stay in effect/);
  await toml('state-c');
  confd.child.kill('SIGHUP');
  await eventually(async () => {
    const asked = await askSocket(at('state-c'), 'birdconfd.sock', { method: 'GET', path: '/pid', timeoutMs: 5000 });
    expect(asked).toMatchObject({ kind: 'answered', text: `{"pid":${confd.child.pid}}\n` });
  });
  expect((await confd.stop()).code).toBe(0);
});

it('birdconfd status and approve say that the directory is generic mode’s, and status --ready asks it', async () => {
  const { start, read, at, place } = await bench();
  start(...place);
  await eventually(async () => expect(await read('out/one')).toBe('v=1\n'));
  const ask = (...words: string[]) => runCli([...words, '--state-dir', at('state')]);
  const status = await ask('status');
  expect(status.code).toBe(1);
  expect(status.out).toContain('is that of birdconfd confd');
  await eventually(async () => expect((await ask('status', '--ready')).code).toBe(0));
  const approve = await ask('approve');
  expect(approve.code).toBe(1);
  expect(approve.err).toContain('approve: generic mode can only be asked');
});
