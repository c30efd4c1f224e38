import { spawn } from 'node:child_process';
import { once as event } from 'node:events';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAIN } from '../support/cli.ts';
import { confdBench } from '../support/confd-bench.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';

const PATIENT = { timeoutMs: 30_000 };

describe('what comes out of the store, and what lies where a target goes', () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd({ more: ['--max-request-bytes', '33554432'] });
  });
  afterAll(() => etcd.stop());
  beforeEach(() => etcd.client.delete().all());
  const bench = async () => {
    const one = await confdBench(['-backend', 'etcdv3', '-node', etcd.endpoint]);
    const holds = (name: string, text: string) =>
      eventually(async () => expect(await one.read(name)).toBe(text), PATIENT);
    return { ...one, holds };
  };
  const put = (value: string | Buffer, key = '/a/v') => etcd.client.put(key).value(value);

  it('no key and no value reaches a shell, or begins a line of the log', async () => {
    const { resource, start, at, read, write, names } = await bench();
    const bad = `'; touch ${at('owned')}; echo "$(touch ${at('owned')})" \`touch ${at('owned')}\`\n2026-01-01T00:00:00.000Z info forged\u001b[2J`;
    const command = `echo {{.src}} {{.dest}} >> ${at('ran')}`;
    await resource('one', `check_cmd = "${command}"\nreload_cmd = "${command}"`);
    await write(
      'conf.d/many.toml',
      `[template]\nsrc = "u"\ndest = "${at('out')}/m-{{name}}"\nkeys = ["/m"]\nfor_each = "/m/*"\ncheck_cmd = "${command}; exit 1"\n`,
    );
    await write('templates/u', '{{value}}');
    await put(bad);
    // confd makes /m of /m/., and / of /m/..
    const keys = ['/m/good', `/m/${bad}`, '/m/$(id)', '/m/a b', '/m/-rf', '/m/..', '/m/.', '/m/x\n', '/m/;id'];
    for (const key of keys) await put(bad, key);
    const confd = start();
    await confd.logged(/unit=many .*check_cmd/);
    await eventually(async () => expect(await read('out/one')).toBe(`v=${bad}\n`), PATIENT);
    const { err } = await confd.stop();
    expect(err.match(/^(?!20\S+Z (?:debug|info|warn|error) )/gm)).toHaveLength(1); // after the last line
    expect(err).not.toMatch(/^\S+ info forged/m);
    expect(err).not.toContain('\u001b');
    expect(err.match(/invalid-name/g)).toHaveLength(keys.length - 3);
    expect(await names('out')).toEqual(['one']);
    expect(await read('owned')).toBe('');
    expect(await read('ran')).not.toContain('touch');
  });

  it('a value of 10 MB is written whole', async () => {
    const { resource, once, read } = await bench();
    await resource('one');
    const long = 'x'.repeat(10_000_000);
    await put(long);
    expect((await once()).code).toBe(0);
    expect((await read('out/one')) === `v=${long}\n`).toBe(true);
  });

  it('a value that is no text is not written as another one: it is refused with its key, and the target stays', async () => {
    const { resource, start, holds, write, read } = await bench();
    await resource('one');
    await resource('two');
    await write('templates/u', 'x{{getv "/w"}}\n');
    await write(
      'conf.d/two.toml',
      (await read('conf.d/two.toml')).replace('"t"', '"u"').replace('keys = ["/a"]', 'prefix = "/a"\nkeys = ["/w"]'),
    );
    await put('1');
    await put('1', '/a/w');
    const confd = start();
    await holds('out/one', 'v=1\n');
    await put(Buffer.from([0x61, 0xff, 0x00, 0xfe]));
    await confd.logged(/code=no-text .*template resource one .*\/a\/v/);
    await put('2', '/a/w');
    await holds('out/two', 'x2\n');
    expect(await read('out/one')).toBe('v=1\n');
    await put('2');
    await holds('out/one', 'v=2\n');
    expect((await confd.stop()).code).toBe(0);
  });

  it('an earlier version is kept byte by byte', async () => {
    const { resource, once, at, read } = await bench();
    await resource('one', 'history = 1');
    await put('1');
    await writeFile(at('out/one'), Buffer.from([0x76, 0x3d, 0xff, 0x0a]));
    expect((await once()).code).toBe(0);
    const [version = ''] = await readdir(at('state/history'), { recursive: true }).then((all) =>
      all.filter((name) => name.includes('/')),
    );
    expect(await readFile(at(`state/history/${version}`))).toEqual(Buffer.from([0x76, 0x3d, 0xff, 0x0a]));
    expect(await read('out/one')).toBe('v=1\n');
  });

  it('a symlink is replaced, and what it leads to is left alone', async () => {
    const { resource, once, read, write, at } = await bench();
    await resource('one');
    await put('1');
    await write('elsewhere', 'mine\n');
    await symlink(at('elsewhere'), at('out/one'));
    expect((await once()).code).toBe(0);
    expect([await read('out/one'), await read('elsewhere')]).toEqual(['v=1\n', 'mine\n']);
    expect((await lstat(at('out/one'))).isFile()).toBe(true);
  });

  it.each(['a folder lies there', 'its folder is missing'])(
    'where %s the target fails alone, until that is mended',
    async (what) => {
      const { resource, start, holds, remove, at, names } = await bench();
      await resource('one', `reload_cmd = "touch ${at('reloaded')}"`);
      await resource('two');
      const isFolder = what === 'a folder lies there';
      await resource('two', `[template.retry]\nmax_delay = "1s"`);
      await mkdir(at('out/one'));
      if (!isFolder) {
        await remove('out/one');
        const text = await readFile(at('conf.d/one.toml'), 'utf8');
        await writeFile(at('conf.d/one.toml'), text.replace('out/one', 'out/sub/one'));
      }
      await put('1');
      const confd = start();
      await confd.logged(/ error failed unit=one .*stage=commit/);
      await holds('out/two', 'v=1\n');
      expect(await names('out')).toEqual(isFolder ? ['one', 'two'] : ['two']);
      if (isFolder) await remove('out/one');
      else await mkdir(at('out/sub'));
      await holds(isFolder ? 'out/one' : 'out/sub/one', 'v=1\n');
      await confd.logged(/well-again unit=one/);
      expect((await confd.stop()).code).toBe(0);
    },
  );

  it('a target that is a mount of its own is written over, gets its mode, and is reloaded once', async () => {
    const { resource, args, read, write, at, lines, names } = await bench();
    await resource('one', `mode = "0600"\nreload_cmd = "echo r >> ${at('reloads')}"`);
    await write('mounted', 'a longer text than ours\n');
    await chmod(at('mounted'), 0o644);
    await write('out/one', '');
    const run = async () => {
      const mount = `mount --bind ${at('mounted')} ${at('out/one')} && exec "$@"`;
      const words = ['--mount', 'sh', '-c', mount, 'sh', process.execPath, MAIN, ...args('-onetime')];
      const child = spawn('unshare', words, { env: { PATH: '/usr/sbin:/usr/bin:/bin' }, stdio: 'ignore' });
      return (await event(child, 'exit'))[0];
    };
    await put('1');
    expect([await run(), await run()]).toEqual([0, 0]);
    expect([await read('mounted'), await read('out/one'), await lines('reloads')]).toEqual(['v=1\n', '', 1]);
    expect((await stat(at('mounted'))).mode & 0o777).toBe(0o600);
    await put('22');
    expect(await run()).toBe(0);
    expect([await read('mounted'), await lines('reloads')]).toEqual(['v=22\n', 2]);
    expect(await names('out')).toEqual(['one']);
  });

  it('an owner whom this user may not give is left out, and costs no reload after the first', async () => {
    const { resource, args, lines, read, at } = await bench();
    await resource('one', `uid = 65534\nreload_cmd = "echo r >> ${at('reloads')}"`);
    await put('1');
    const runs: string[] = [];
    for (let i = 0; i < 3; i++) {
      // Root without that right, as in many containers.
      const words = ['--bounding-set=-chown', process.execPath, MAIN, ...args('-onetime')];
      const child = spawn('setpriv', words, { stdio: ['ignore', 'ignore', 'pipe'] });
      let err = '';
      child.stderr.on('data', (chunk) => {
        err += chunk;
      });
      expect(await event(child, 'close')).toEqual([0, null]);
      runs.push(err);
    }
    expect([await read('out/one'), await lines('reloads')]).toEqual(['v=1\n', 1]);
    for (const err of runs) expect(err).toContain('its owner cannot be set by this user');
  });

  it('a file of for_each never takes the place of another resource’s target', async () => {
    const { resource, start, write, read, holds, at } = await bench();
    await resource('one', 'reload_cmd = "true"');
    await write('templates/u', 'each\n');
    await write(
      'conf.d/each.toml',
      `[template]\nsrc = "u"\ndest = "${at('out')}/{{name}}"\nkeys = ["/m"]\nfor_each = "/m/*"\n`,
    );
    await put('1');
    await put('x', '/m/other');
    const confd = start();
    await holds('out/one', 'v=1\n');
    await holds('out/other', 'each\n');
    await put('x', '/m/one');
    await confd.logged(/unit=each .*one writes .*out\/one/);
    await put('2');
    await holds('out/one', 'v=2\n');
    await etcd.client.delete().key('/m/one');
    await put('x', '/m/third');
    await holds('out/third', 'each\n');
    expect(await read('out/one')).toBe('v=2\n');
    expect((await confd.stop()).code).toBe(0);
  });
});
