import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { runCli, startCli } from '../support/cli.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';

let etcd: EtcdServer;
let dir: string;
const running: ReturnType<typeof startCli>[] = [];
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.stop());
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'birdconfd-confd-'));
  for (const name of ['conf.d', 'templates', 'out']) await mkdir(join(dir, name));
  await etcd.client.delete().all();
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

const args = (...more: string[]) => [
  ...['confd', '-backend', 'etcdv3', '-node', etcd.endpoint, '-confdir', dir, '--config-file', join(dir, 'none')],
  ...['-state-dir', join(dir, 'state'), ...more],
];
const start = (...more: string[]) => {
  const one = startCli(args(...more));
  running.push(one);
  return one;
};
const put = (key: string, value: string) => etcd.client.put(key).value(value);
const read = (name: string) => readFile(join(dir, name), 'utf8').catch(() => '');
const lines = async (name: string) => (await read(name)).split('\n').length - 1;
const resource = (name: string, more: string) =>
  writeFile(
    join(dir, 'conf.d', `${name}.toml`),
    `[template]\nsrc = "t"\ndest = "${join(dir, 'out', name)}"\nkeys = ["/a"]\n${more}\n`,
  );
const template = () => writeFile(join(dir, 'templates/t'), 'v={{getv "/a/v"}}\n');
const reload = () => `reload_cmd = "echo r >> ${dir}/reloads; test ! -e ${dir}/broken"`;

it('keeps a failed reload owed, also across a restart', async () => {
  await template();
  await resource('one', reload());
  await put('/a/v', '1');
  await writeFile(join(dir, 'broken'), '');
  expect((await runCli(args('-onetime'))).code).toBe(1);
  expect(await read('out/one')).toBe('v=1\n');
  await rm(join(dir, 'broken'));
  expect((await runCli(args('-onetime'))).code).toBe(0);
  expect((await runCli(args('-onetime'))).code).toBe(0);
  expect(await lines('reloads')).toBe(2);
});

it('tells which resource, command and key a failed check is about, and leaves target and folder as they were', async () => {
  await template();
  await resource('one', 'check_cmd = "echo no good; grep -q 1 {{.src}}"');
  await resource('two', '');
  await put('/a/v', '1');
  const confd = start('-watch');
  await eventually(async () => expect(await read('out/one')).toBe('v=1\n'));
  await put('/a/v', '2');
  await confd.logged(/template resource one .*grep -q 1.*no good.*changed since it went live last: \/a\/v/s);
  await eventually(async () => expect(await read('out/two')).toBe('v=2\n'));
  expect(await read('out/one')).toBe('v=1\n');
  expect((await readdir(join(dir, 'out'))).sort()).toEqual(['one', 'two']);
  expect((await confd.stop()).code).toBe(0);
});

it('reloads once for two resources with one reload_cmd, and few times for a burst', async () => {
  await template();
  await resource('one', reload());
  await resource('two', reload());
  await put('/a/v', '0');
  const confd = start('-watch');
  await eventually(async () => expect(await lines('reloads')).toBe(1));
  for (let i = 1; i <= 200; i++) await put('/a/v', `${i}`);
  await eventually(async () => expect([await read('out/one'), await read('out/two')]).toEqual(['v=200\n', 'v=200\n']));
  expect((await confd.stop()).code).toBe(0);
  expect(await lines('reloads')).toBeLessThan(60);
});

it('reads a store that was wiped, although its revision went back', async () => {
  await template();
  await resource('one', '');
  for (let i = 0; i < 20; i++) await put('/a/v', `old ${i}`);
  const confd = start('-watch');
  await eventually(async () => expect(await read('out/one')).toBe('v=old 19\n'));
  await etcd.restart({ wiped: true });
  await eventually(() => put('/a/v', 'new'), { timeoutMs: 30_000 });
  await eventually(async () => expect(await read('out/one')).toBe('v=new\n'), { timeoutMs: 30_000 });
  expect((await confd.stop()).code).toBe(0);
});

it('lets a reload finish at SIGTERM, and takes a second signal for an end of its whole process group', async () => {
  await template();
  await put('/a/v', '1');
  const waits = `reload_cmd = "echo $$ > ${dir}/pid; until test -e ${dir}/go; do sleep 0.1; done; echo done > ${dir}/done"`;
  await resource('one', waits);
  const patient = start('-watch');
  await eventually(async () => expect(await read('pid')).not.toBe(''));
  patient.child.kill('SIGTERM');
  await writeFile(join(dir, 'go'), '');
  expect((await patient.finished).code).toBe(0);
  expect(await read('done')).toBe('done\n');
  for (const name of ['go', 'pid', 'done']) await rm(join(dir, name));
  await put('/a/v', '2');
  const hasty = start('-watch');
  await eventually(async () => expect(await read('pid')).not.toBe(''));
  hasty.child.kill('SIGTERM');
  hasty.child.kill('SIGINT');
  await eventually(() => expect(hasty.child.exitCode ?? hasty.child.signalCode).not.toBeNull(), { timeoutMs: 20_000 });
  const pid = Number(await read('pid'));
  await eventually(() => expect(() => process.kill(-pid, 0)).toThrow());
});

it('goes on with the others, and with what a resource was, when its TOML breaks; and takes up conf.d and templates live', async () => {
  await template();
  await resource('one', '');
  await put('/a/v', '1');
  const confd = start('-watch');
  await eventually(async () => expect(await read('out/one')).toBe('v=1\n'));
  await writeFile(join(dir, 'conf.d/one.toml'), '[template');
  await confd.logged(/unreadable-document/);
  await put('/a/v', '2');
  await eventually(async () => expect(await read('out/one')).toBe('v=2\n'));
  await resource('two', '');
  await eventually(async () => expect(await read('out/two')).toBe('v=2\n'));
  await writeFile(join(dir, 'templates/t'), 'w={{getv "/a/v"}}\n');
  await eventually(async () => expect(await read('out/two')).toBe('w=2\n'));
  expect((await confd.stop()).code).toBe(0);
});

it('gives flags precedence over the environment and the file, and shows a diff in a noop', async () => {
  await template();
  await resource('one', '');
  await put('/a/v', '1');
  const file = join(dir, 'confd.toml');
  await writeFile(file, `backend = "env"\nlog-level = "debug"\nnoop = true\n`);
  const { code, out, err } = await runCli(args('-config-file', file, '-log-level=error', '-onetime'));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('+v=1');
  expect(await read('out/one')).toBe('');
});
