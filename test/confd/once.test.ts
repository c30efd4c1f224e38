import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { confdBench } from '../support/confd-bench.ts';
import { type EtcdServer, freePort, startEtcd } from '../support/etcd.ts';

describe('spec 6.1: one run', () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(() => etcd.stop());
  beforeEach(() => etcd.client.delete().all());
  const bench = () => confdBench(['-backend', 'etcdv3', '-node', etcd.endpoint]);

  it('writes and reloads; the second finds all of it in sync, and reloads nothing', async () => {
    const { resource, once, read, lines, at } = await bench();
    await resource('one', `reload_cmd = "echo r >> ${at('reloads')}"`);
    await etcd.client.put('/a/v').value('1');
    expect((await once()).code).toBe(0);
    expect([await read('out/one'), await lines('reloads')]).toEqual(['v=1\n', 1]);
    const second = await once();
    expect(second.code).toBe(0);
    expect(second.err).not.toMatch(/updated|reloaded/);
    expect(await lines('reloads')).toBe(1);
  });

  it('fails for a missing key with resource, file, place and key; the target stays, no staged file, and others are processed', async () => {
    const { resource, write, once, read, names, at } = await bench();
    await resource('one', `reload_cmd = "touch ${at('reloads')}"`);
    await resource('two');
    await write('templates/u', 'x\n  {{getv "/a/missing"}}\n');
    await write('conf.d/one.toml', (await read('conf.d/one.toml')).replace('"t"', '"u"'));
    await write('out/one', 'before\n');
    await etcd.client.put('/a/v').value('1');
    const { code, err } = await once();
    expect(code).toBe(1);
    expect(err).toContain(at('conf.d/one.toml'));
    expect(err).toMatch(/template resource one .*u:2:2: getv: key does not exist: \/a\/missing/);
    expect([await read('out/one'), await read('out/two')]).toEqual(['before\n', 'v=1\n']);
    expect(await names('out')).toEqual(['one', 'two']);
    expect(await read('reloads')).toBe('');
  });

  it('ends soon with 1 where nobody listens, and says where and why', async () => {
    const port = await freePort();
    const { resource, once, read } = await confdBench(['-backend', 'etcdv3', '-node', `127.0.0.1:${port}`]);
    await resource('one');
    const before = Date.now();
    const { code, err } = await once();
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^confd: .*127\\.0\\.0\\.1:${port}.*(UNAVAILABLE|ECONNREFUSED)`, 'm'));
    expect(await read('out/one')).toBe('');
    // Of these 3 s are meant; the rest is a busy machine's.
    expect(Date.now() - before).toBeLessThan(9_000);
  });

  it('refuses a backend that it does not know, and those of confd that are not built, before anything else', async () => {
    const { once, args } = await confdBench([]);
    const { runCli } = await import('../support/cli.ts');
    const unknown = await once('-backend', 'nothing');
    expect(unknown.code).toBe(1);
    expect(unknown.err).toMatch(/^confd: invalid backend "nothing": expected etcd, /);
    const consul = await runCli(args('-onetime', '-backend=consul'));
    expect(consul.err).toMatch(/^confd: the backend consul is not built/);
    expect(consul.code).toBe(1);
  });

  it.each(['a folder that is not there', 'no resource'])('ends with 1 and says so, where there is %s', async (what) => {
    const { once, remove, at } = await bench();
    await remove('conf.d');
    const { code, err } = await once(...(what === 'no resource' ? [] : ['-confdir', at('nowhere')]));
    expect(code).toBe(1);
    expect(err).toContain(what === 'no resource' ? at('conf.d') : at('nowhere/conf.d'));
  });

  it('spec 6.10: a broken TOML costs the exit code, and no other resource anything', async () => {
    const { once, resource, write, read, at } = await bench();
    await resource('one');
    await write('conf.d/broken.toml', '[template\npassword = "geheim"');
    await etcd.client.put('/a/v').value('1');
    const { code, err } = await once();
    expect(code).toBe(1);
    expect(err).toContain(`unreadable-document ${at('conf.d/broken.toml')}`);
    expect(err).not.toContain('geheim');
    expect(await read('out/one')).toBe('v=1\n');
  });
});
