import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { confdBench } from '../support/confd-bench.ts';
import { type EtcdServer, freePort, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';

const PATIENT = { timeoutMs: 30_000 };

describe('spec 6.9: signals', () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(() => etcd.stop());
  beforeEach(() => etcd.client.delete().all());
  const bench = () => confdBench(['-backend', 'etcdv3', '-node', etcd.endpoint, '-status-address', '127.0.0.1:0']);
  const put = (value: string, key = '/a/v') => etcd.client.put(key).value(value);
  /** Says who it is, and goes on until `go` is there. */
  const waits = (at: (name: string) => string) =>
    `echo $$ > ${at('pid')}; until test -e ${at('go')}; do sleep 0.1; done; echo done >> ${at('done')}`;
  const isGone = (pid: string) =>
    eventually(() => expect(() => process.kill(-Number(pid), 0)).toThrow(/ESRCH/), PATIENT);

  it('SIGHUP in watch mode reads settings and conf.d now, though no key changes', async () => {
    const { resource, start, read, write } = await bench();
    await resource('one');
    await put('1');
    await put('2', '/p/a/v');
    const confd = start();
    await eventually(async () => expect(await read('out/one')).toBe('v=1\n'), PATIENT);
    await write('confd.toml', 'prefix = "/p"\n');
    confd.child.kill('SIGHUP');
    await eventually(async () => expect(await read('out/one')).toBe('v=2\n'), PATIENT);
    await put('3', '/p/a/v');
    await eventually(async () => expect(await read('out/one')).toBe('v=3\n'), PATIENT);
    expect((await confd.stop()).code).toBe(0);
  });

  it('SIGHUP with settings that are wrong keeps the old ones, and says so', async () => {
    const { resource, start, read, write } = await bench();
    await resource('one');
    await put('1');
    const confd = start();
    await eventually(async () => expect(await read('out/one')).toBe('v=1\n'), PATIENT);
    await write('confd.toml', 'prefix = [');
    confd.child.kill('SIGHUP');
    await confd.logged(/settings-refused .*the old settings stay in effect/);
    await put('2');
    await eventually(async () => expect(await read('out/one')).toBe('v=2\n'), PATIENT);
    expect((await confd.stop()).code).toBe(0);
  });

  it('SIGHUP in a reload waits for it, and then does both', async () => {
    const { resource, start, read, write, at, lines } = await bench();
    await resource('one', `reload_cmd = "${waits(at)}"`);
    await put('1');
    await put('2', '/p/a/v');
    const confd = start();
    await eventually(async () => expect(await read('pid')).not.toBe(''), PATIENT);
    await write('confd.toml', 'prefix = "/p"\n');
    confd.child.kill('SIGHUP');
    await write('go', '');
    await eventually(async () => expect(await lines('done')).toBe(2), PATIENT);
    expect(await read('out/one')).toBe('v=2\n');
    expect((await confd.stop()).code).toBe(0);
  });

  it('SIGTERM lets the reload finish, within -shutdown-timeout and no longer; what was cut off stays owed', async () => {
    const { resource, start, read, write, at } = await bench();
    await resource('one', `reload_cmd = "${waits(at)}"`);
    await put('1');
    const confd = start('-shutdown-timeout', '1s');
    await eventually(async () => expect(await read('pid')).not.toBe(''), PATIENT);
    const { code, err } = await confd.stop();
    expect({ code, text: await read('out/one') }).toEqual({ code: 1, text: 'v=1\n' });
    expect(err).toContain('was stopped, with all its processes');
    await isGone(await read('pid'));
    await write('go', '');
    const next = start();
    await eventually(async () => expect(await read('done')).toBe('done\n'), PATIENT);
    expect((await next.stop()).code).toBe(0);
  });

  it('further signals end the reload at once, in order and without a panic', async () => {
    const { resource, start, read, at } = await bench();
    await resource('one', `reload_cmd = "${waits(at)}"`);
    await put('1');
    const confd = start();
    await eventually(async () => expect(await read('pid')).not.toBe(''), PATIENT);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const) confd.child.kill(signal);
    const { code, err } = await confd.finished;
    expect(code).toBe(1);
    expect(err).not.toMatch(/^\s+at /m);
    await isGone(await read('pid'));
  });

  it('SIGTERM in a check ends it: the target stays, no staged file is left, and no fault is told', async () => {
    const { resource, start, read, names, at } = await bench();
    await resource('one', `check_cmd = "${waits(at)}"\nreload_cmd = "touch ${at('reloaded')}"`);
    await put('1');
    const confd = start();
    await eventually(async () => expect(await read('pid')).not.toBe(''), PATIENT);
    expect(await names('out')).toHaveLength(1);
    const { code, err } = await confd.stop();
    expect(code).toBe(0);
    expect(err).not.toMatch(/ error /);
    expect(await names('out')).toEqual([]);
    await isGone(await read('pid'));
    expect([await read('done'), await read('reloaded')]).toEqual(['', '']);
  });

  it('SIGKILL in a check leaves a staged file, which the next process takes away', async () => {
    const { resource, start, read, write, names, at } = await bench();
    await resource('one', `check_cmd = "${waits(at)}"`);
    await put('1');
    const killed = start();
    await eventually(async () => expect(await read('pid')).not.toBe(''), PATIENT);
    await killed.stop('SIGKILL');
    process.kill(-Number(await read('pid')), 'SIGKILL');
    expect(await names('out')).toHaveLength(1);
    await write('go', '');
    const next = start();
    await eventually(async () => expect(await names('out')).toEqual(['one']), PATIENT);
    expect((await next.stop()).code).toBe(0);
  });

  it('SIGTERM ends a run that waits for its backend', async () => {
    const port = await freePort();
    const { resource, start } = await confdBench(['-backend', 'etcdv3', '-node', `127.0.0.1:${port}`]);
    await resource('one');
    const confd = start();
    await confd.logged(/datastore-lost/);
    expect((await confd.stop()).code).toBe(0);
  });
});
