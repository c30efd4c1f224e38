import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { confdBench } from '../support/confd-bench.ts';
import { type EtcdServer, freePort, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';

const PATIENT = { timeoutMs: 60_000 };

describe('a backend that goes and comes', () => {
  let etcd: EtcdServer;
  beforeEach(async () => {
    etcd = await startEtcd();
  });
  afterEach(() => etcd.stop());
  const bench = async (port = etcd.port) => {
    const one = await confdBench(['-backend', 'etcdv3', '-node', `127.0.0.1:${port}`]);
    await one.resource('one', `reload_cmd = "echo r >> ${one.at('reloads')}"`);
    return { ...one, start: () => one.start('-status-address', '127.0.0.1:0') };
  };
  const put = (value: string) => eventually(() => etcd.client.put('/a/v').value(value), PATIENT);

  it('spec 6.6: killed for 6 s: the target stays, log and status say since when, and the next value is followed', async () => {
    const { start, read, lines } = await bench();
    await put('1');
    const confd = start();
    await eventually(async () => expect((await confd.ready()).status).toBe(200), PATIENT);
    const before = Date.now();
    const restarted = etcd.restart({ downSeconds: 6 });
    await confd.logged(/warn datastore-lost since=20\S+Z code=unreachable/);
    const { backend } = await confd.status();
    expect(backend).toMatchObject({ inSync: false, error: expect.stringContaining(`127.0.0.1:${etcd.port}`) });
    expect(Date.parse(backend.staleSince ?? '')).toBeLessThanOrEqual(Date.now());
    expect(Date.parse(backend.staleSince ?? '')).toBeGreaterThan(before - 20_000);
    await eventually(async () => expect((await confd.ready()).text).toBe('the backend is not in sync\n'), PATIENT);
    expect(await read('out/one')).toBe('v=1\n');
    await restarted;
    await put('2');
    await eventually(async () => expect(await read('out/one')).toBe('v=2\n'), PATIENT);
    await eventually(async () => expect((await confd.ready()).status).toBe(200), PATIENT);
    expect(await lines('reloads')).toBe(2);
    expect((await confd.stop()).code).toBe(0);
  });

  it('spec 6.6: not there at the start: told at once, waited for, and rendered when it comes', async () => {
    const port = await freePort();
    const { start, read } = await bench(port);
    const confd = start();
    await confd.logged(new RegExp(`datastore-lost since=.*127\\.0\\.0\\.1:${port}`));
    const { backend, ready } = await confd.status();
    expect({ ready, backend }).toMatchObject({ ready: false, backend: { inSync: false, error: /./ } });
    const late = await startEtcd({ port });
    try {
      await late.client.put('/a/v').value('1');
      await eventually(async () => expect(await read('out/one')).toBe('v=1\n'), PATIENT);
    } finally {
      await late.stop();
    }
  });

  it('spec 6.6: history is compacted while it stands still and is cut off: everything is read anew', async () => {
    const { start, read } = await bench();
    await put('1');
    const confd = start();
    await eventually(async () => expect(await read('out/one')).toBe('v=1\n'), PATIENT);
    await etcd.kill9();
    await confd.logged(/datastore-lost/);
    confd.child.kill('SIGSTOP');
    await etcd.restart();
    for (const value of ['2', '3', '4', '5', '6']) await put(value);
    const { header } = await etcd.client.get('/a/v').exec();
    await etcd.client.kv.compact({ revision: header.revision, physical: true });
    confd.child.kill('SIGCONT');
    await confd.logged(/datastore-lost since=.*code=(compacted|watch-cancelled)/);
    await eventually(async () => expect(await read('out/one')).toBe('v=6\n'), PATIENT);
    await put('7');
    await eventually(async () => expect(await read('out/one')).toBe('v=7\n'), PATIENT);
    expect((await confd.stop()).code).toBe(0);
  });

  it('spec 6.7: wiped: what the empty store says is followed from its first revision on', async () => {
    const { start, read } = await bench();
    for (let i = 0; i < 50; i++) await put(`old ${i}`);
    const confd = start();
    await eventually(async () => expect(await read('out/one')).toBe('v=old 49\n'), PATIENT);
    await etcd.restart({ wiped: true });
    await put('new');
    await eventually(async () => expect(await read('out/one')).toBe('v=new\n'), PATIENT);
    await put('newer');
    await eventually(async () => expect(await read('out/one')).toBe('v=newer\n'), PATIENT);
    expect((await confd.stop()).code).toBe(0);
  });

  it('spec 6.7: restored to an older revision: followed without waiting for the newer one', async () => {
    const { start, read, at } = await bench();
    await put('old');
    await etcd.saveSnapshot(at('snapshot'));
    for (let i = 0; i < 50; i++) await put(`new ${i}`);
    const confd = start();
    await eventually(async () => expect(await read('out/one')).toBe('v=new 49\n'), PATIENT);
    await etcd.restart({ restored: { file: at('snapshot') } });
    await eventually(async () => expect(await read('out/one')).toBe('v=old\n'), PATIENT);
    await put('after');
    await eventually(async () => expect(await read('out/one')).toBe('v=after\n'), PATIENT);
    expect((await confd.stop()).code).toBe(0);
  });

  it('spec 6.11: all keys are deleted: a guard holds the target until they are back, and says so', async () => {
    const { start, read, resource, write } = await bench();
    await write('templates/t', '{{#each (gets "/a/*")}}{{base Key}}\n{{/each}}');
    await resource('one', '[template.guard]\nallow_empty = false');
    await resource('two', '[template.guard]\nmin_matches = {"/a/*" = 1}');
    await resource('three');
    await put('1');
    const confd = start();
    await eventually(async () => expect(await read('out/three')).toBe('v\n'), PATIENT);
    await eventually(async () => expect((await confd.ready()).status).toBe(200), PATIENT);
    await etcd.client.delete().all();
    await confd.logged(/code=guard .*template resource one .*allow_empty/);
    await confd.logged(/code=guard .*template resource two .*min_matches/);
    await eventually(async () => expect(await read('out/three')).toBe(''), PATIENT);
    expect([await read('out/one'), await read('out/two')]).toEqual(['v\n', 'v\n']);
    await eventually(
      async () => expect((await confd.ready()).text).toBe('one: render guard\ntwo: render guard\n'),
      PATIENT,
    );
    await etcd.client.put('/a/w').value('1');
    for (const name of ['one', 'two', 'three'])
      await eventually(async () => expect(await read(`out/${name}`)).toBe('w\n'), PATIENT);
    await eventually(async () => expect((await confd.ready()).status).toBe(200), PATIENT);
    expect((await confd.stop()).code).toBe(0);
  });
});
