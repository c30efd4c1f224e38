import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { confdBench } from '../support/confd-bench.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';

const PATIENT = { timeoutMs: 30_000 };

describe('conf.d and templates are edited while it runs', () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(() => etcd.stop());
  beforeEach(() => etcd.client.delete().all());
  const bench = async () => {
    const one = await confdBench(['-backend', 'etcdv3', '-node', etcd.endpoint, '-status-address', '127.0.0.1:0']);
    const holds = (name: string, text: string) =>
      eventually(async () => expect(await one.read(name)).toBe(text), PATIENT);
    return { ...one, holds };
  };
  const put = (value: string, key = '/a/v') => etcd.client.put(key).value(value);

  it('a resource that is taken away leaves its target; it is neither followed nor told of any more', async () => {
    const { resource, start, remove, read, holds } = await bench();
    await resource('one');
    await resource('two');
    await put('1');
    const confd = start();
    await holds('out/one', 'v=1\n');
    await holds('out/two', 'v=1\n');
    await remove('conf.d/one.toml');
    await confd.logged(/conf-dir-reread resources=1/);
    await put('2');
    await holds('out/two', 'v=2\n');
    expect(await read('out/one')).toBe('v=1\n');
    await eventually(
      async () => expect((await confd.status()).units.map(({ unit }) => unit)).toEqual(['two']),
      PATIENT,
    );
    await remove('conf.d/two.toml');
    await confd.logged(/conf-dir-reread resources=0/);
    confd.child.kill('SIGHUP');
    await confd.logged(/settings-reread/);
    await resource('three');
    await holds('out/three', 'v=2\n');
    expect((await confd.stop()).code).toBe(0);
  });

  it('a resource that gets another name, or a group, keeps the reload that it owes', async () => {
    const { resource, start, at, write, remove, lines, holds } = await bench();
    const reload = `reload_cmd = "echo r >> ${at('tries')}; test ! -e ${at('broken')}"`;
    await write('broken', '');
    await resource('one', `${reload}\n[template.retry]\nmax_attempts = 1`);
    await put('1');
    const confd = start();
    await confd.logged(/ error failed unit=one/);
    await rename(at('conf.d/one.toml'), at('conf.d/other.toml'));
    await confd.logged(/ error failed unit=other/);
    expect(await lines('tries')).toBe(2);
    await resource('one', `group_unit = "g"\n${reload}\n[template.retry]\nmax_attempts = 1`);
    await remove('conf.d/other.toml');
    await confd.logged(/ error failed unit="unit g"/);
    expect((await confd.stop()).code).toBe(0);
    await remove('broken');
    const before = await lines('tries');
    const next = start();
    await next.logged(/reloaded/);
    await holds('out/one', 'v=1\n');
    expect(await lines('tries')).toBe(before + 1);
  });

  it('spec 6.10: a TOML that breaks keeps what it was, and readiness names it until it is mended', async () => {
    const { resource, start, write, at, holds } = await bench();
    await resource('one');
    await write('conf.d/two.toml', '[template');
    await put('1');
    const confd = start();
    await holds('out/one', 'v=1\n');
    const unready = async (file: string) =>
      eventually(async () => {
        const { status, text } = await confd.ready();
        expect(status).toBe(503);
        expect(text).toContain(`conf.d: error unreadable-document ${at(file)}`);
      }, PATIENT);
    await unready('conf.d/two.toml');
    await resource('two', 'mode = "0600"');
    await holds('out/two', 'v=1\n');
    await write('conf.d/one.toml', '[template]\nsrc = ');
    await unready('conf.d/one.toml');
    await put('2');
    await holds('out/one', 'v=2\n');
    await holds('out/two', 'v=2\n');
    await eventually(async () => expect((await confd.status()).faults).toHaveLength(1), PATIENT);
    await resource('one');
    await eventually(async () => expect((await confd.ready()).status).toBe(200), PATIENT);
    expect((await confd.stop()).code).toBe(0);
  });

  it('a template that breaks, goes, or asks for what is not there keeps its target; the others go on', async () => {
    const { resource, start, write, remove, read, at, holds } = await bench();
    await resource('one');
    await resource('two');
    await write('templates/u', 'u={{getv "/a/v"}}\n');
    await write('conf.d/two.toml', (await read('conf.d/two.toml')).replace('"t"', '"u"'));
    await put('1');
    const confd = start();
    await holds('out/one', 'v=1\n');
    await write('templates/t', '{{#if}');
    await confd.logged(/code=bad-template .*template resource one .*t:1/);
    await put('2');
    await holds('out/two', 'u=2\n');
    await remove('templates/t');
    await confd.logged(/code=no-template .*Missing template/);
    await write('templates/t', '{{> part}}');
    await confd.logged(new RegExp(`Missing template: ${at('templates/part')}`));
    expect(await read('out/one')).toBe('v=1\n');
    await write('templates/part', 'part {{getv "/a/v"}}\n');
    await holds('out/one', 'part 2\n');
    await write('templates/part', 'parts {{getv "/a/v"}}\n');
    await holds('out/one', 'parts 2\n');
    await eventually(async () => expect((await confd.ready()).status).toBe(200), PATIENT);
    expect((await confd.stop()).code).toBe(0);
  });

  it('two resources with one target, however it is written: the first by name has it, and readiness says so', async () => {
    const { resource, start, write, read, at, holds } = await bench();
    await resource('one', 'reload_cmd = "true"');
    await put('1');
    await write('conf.d/two.toml', (await read('conf.d/one.toml')).replace('out/one', 'out/../out/./one'));
    const confd = start();
    await holds('out/one', 'v=1\n');
    await eventually(
      async () =>
        expect((await confd.ready()).text).toContain(`one writes ${at('out/one')} already: this one is left out`),
      PATIENT,
    );
    await eventually(
      async () => expect((await confd.status()).units.map(({ unit }) => unit)).toEqual(['one']),
      PATIENT,
    );
    expect((await confd.stop()).code).toBe(0);
  });

  it('an edit while etcd is away loses nothing, and is followed when it is back', async () => {
    const { resource, start, holds, read, write, lines, at } = await bench();
    await resource('one', `reload_cmd = "echo r >> ${at('tries')}; test ! -e ${at('broken')}"`);
    await put('1');
    await write('broken', '');
    const confd = start();
    await eventually(async () => expect(await lines('tries')).toBeGreaterThan(0), PATIENT);
    await etcd.kill9();
    await confd.logged(/datastore-lost/);
    await resource('two');
    await confd.logged(/conf-dir-reread resources=2/);
    expect([await read('out/one'), await read('out/two')]).toEqual(['v=1\n', '']);
    await etcd.restart();
    await holds('out/two', 'v=1\n');
    expect((await confd.stop()).code).toBe(0);
  });
});

describe('etcd with users', () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd({ auth: { user: 'confd', password: 'geheim', prefix: '/a' } });
  });
  afterAll(() => etcd.stop());

  it('an edit, or SIGHUP, that etcd refuses leaves what ran before in effect, is told, and can be taken back', async () => {
    const place = ['-backend', 'etcdv3', '-node', etcd.endpoint, '-username', 'confd'];
    const { resource, start, write, read, remove } = await confdBench(place);
    const holds = (name: string, text: string) => eventually(async () => expect(await read(name)).toBe(text), PATIENT);
    await resource('one');
    await write('confd.toml', 'password = "geheim"\n');
    await etcd.client.put('/a/v').value('1');
    const confd = start('-status-address', '127.0.0.1:0');
    await holds('out/one', 'v=1\n');
    await write(
      'conf.d/two.toml',
      (await read('conf.d/one.toml')).replace('"/a"', '"/b"').replace('out/one', 'out/two'),
    );
    await confd.logged(/conf-dir-refused .*permission denied/);
    await etcd.client.put('/a/v').value('2');
    await holds('out/one', 'v=2\n');
    await eventually(
      async () => expect((await confd.ready()).text).toMatch(/cannot be followed \(datastore permission-denied\)/),
      PATIENT,
    );
    await remove('conf.d/two.toml');
    await eventually(async () => expect((await confd.ready()).status).toBe(200), PATIENT);
    await write('confd.toml', 'password = "falsch"\n');
    confd.child.kill('SIGHUP');
    await confd.logged(/settings-refused .*the old settings stay in effect/);
    await etcd.client.put('/a/v').value('3');
    await holds('out/one', 'v=3\n');
    const { code, err } = await confd.stop();
    expect(code).toBe(0);
    expect(err).not.toMatch(/geheim|falsch/);
  });

  it('what etcd refuses from the start ends it with 1 and the reason', async () => {
    const { resource, once } = await confdBench(['-backend', 'etcdv3', '-node', etcd.endpoint, '-username', 'confd']);
    await resource('one');
    const denied = await once('-password', 'geheim', '-prefix', '/b');
    expect(denied.code).toBe(1);
    expect(denied.err).toMatch(/^confd: .*permission denied/m);
    const wrong = await once('-password', 'falsch');
    expect(wrong.code).toBe(1);
    expect(wrong.err).toMatch(/^confd: .*authentication failed/m);
  });
});
