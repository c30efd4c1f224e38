import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { confdBench } from '../support/confd-bench.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';

const PATIENT = { timeoutMs: 30_000 };

describe('check_cmd and reload_cmd', () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(() => etcd.stop());
  beforeEach(() => etcd.client.delete().all());
  const bench = () => confdBench(['-backend', 'etcdv3', '-node', etcd.endpoint, '-status-address', '127.0.0.1:0']);
  const put = (value: string) => etcd.client.put('/a/v').value(value);

  it('spec 6.3: 200 puts of 4 writers are few reloads, and the last value stands', async () => {
    const { resource, start, read, lines, at } = await bench();
    await resource('one', `reload_cmd = "echo r >> ${at('reloads')}"`);
    await put('0');
    const confd = start();
    await eventually(async () => expect(await lines('reloads')).toBe(1), PATIENT);
    const writer = async (name: string) => {
      for (let i = 0; i < 50; i++) await put(`${name}${i}`);
    };
    await Promise.all(['a', 'b', 'c', 'd'].map(writer));
    await put('last');
    await eventually(async () => expect(await read('out/one')).toBe('v=last\n'), PATIENT);
    expect((await confd.stop()).code).toBe(0);
    // confd needs 77 for the same.
    expect(await lines('reloads')).toBeLessThan(20);
  });

  it('spec 6.4: a failed check keeps the target, and is told in full; the next good value goes live', async () => {
    const { resource, start, read, names, lines, at } = await bench();
    const check = 'echo line 7 is bad; grep -qv BAD {{.src}} || exit 3';
    await resource('one', `check_cmd = "${check}"\nreload_cmd = "echo r >> ${at('reloads')}"`);
    await put('1');
    const confd = start();
    await eventually(async () => expect(await lines('reloads')).toBe(1), PATIENT);
    await put('BAD');
    const told = [/template resource one \(.*conf\.d\/one\.toml\)/, /grep -qv BAD/, /exit code 3/, /line 7 is bad/];
    for (const part of [...told, /changed since it went live last: \/a\/v/]) await confd.logged(part);
    const failed = [{ unit: 'one', outcome: 'failed', error: { code: 'command-failed' } }];
    await eventually(async () => expect((await confd.status()).units).toMatchObject(failed), PATIENT);
    await eventually(
      async () => expect(await confd.ready()).toEqual({ status: 503, text: 'one: check command-failed\n' }),
      PATIENT,
    );
    expect([await read('out/one'), await names('out')]).toEqual(['v=1\n', ['one']]);
    await put('2');
    await eventually(async () => expect(await read('out/one')).toBe('v=2\n'), PATIENT);
    await eventually(async () => expect((await confd.ready()).status).toBe(200), PATIENT);
    expect((await confd.stop()).err.match(/ error failed /g)).toHaveLength(1);
    expect(await lines('reloads')).toBe(2);
  });

  it('spec 6.5: a failed reload stays owed, is tried again ever more slowly, and is over once the service is mended', async () => {
    const { resource, start, read, write, remove, lines, at } = await bench();
    await resource('one', `reload_cmd = "date +%s%3N >> ${at('tries')}; test ! -e ${at('broken')} || exit 4"`);
    await write('broken', '');
    await put('1');
    const confd = start();
    await eventually(async () => expect(await lines('tries')).toBeGreaterThan(4), PATIENT);
    const times = (await read('tries')).trim().split('\n').map(Number);
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    expect(gaps[3]).toBeGreaterThan(2 * gaps[0]!);
    expect(await read('out/one')).toBe('v=1\n');
    expect((await confd.status()).units).toMatchObject([
      { unit: 'one', outcome: 'owed', error: { stage: 'reload', code: 'command-failed' } },
    ]);
    await eventually(
      async () => expect(await confd.ready()).toEqual({ status: 503, text: 'one: reload command-failed\n' }),
      PATIENT,
    );
    await remove('broken');
    await confd.logged(/well-again unit=one/);
    await eventually(async () => expect(await confd.ready()).toEqual({ status: 200, text: 'ready\n' }), PATIENT);
    const { err } = await confd.stop();
    expect(err.match(/ error failed unit=one .*exit code 4/g)).toHaveLength(1);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('spec 6.5: the next process owes it too, after %s', async (signal) => {
    const { resource, start, write, remove, lines, at } = await bench();
    await resource('one', `reload_cmd = "echo r >> ${at('tries')}; test ! -e ${at('broken')}"`);
    await write('broken', '');
    await put('1');
    const first = start();
    await eventually(async () => expect(await lines('tries')).toBeGreaterThan(0), PATIENT);
    await first.stop(signal);
    await remove('broken');
    const before = await lines('tries');
    const second = start();
    await second.logged(/reloaded/);
    expect(await lines('tries')).toBe(before + 1);
    await eventually(async () => expect((await second.ready()).status).toBe(200), PATIENT);
    await second.stop();
    const third = start();
    await eventually(async () => expect((await third.ready()).status).toBe(200), PATIENT);
    expect(await lines('tries')).toBe(before + 1);
  });

  it('spec 6.8: min_reload_interval puts the reload off, and never leaves it out', async () => {
    const { resource, start, read, at, lines } = await bench();
    const reload = `reload_cmd = "cat ${at('out/one')} >> ${at('ran')}; date +%s%3N >> ${at('times')}"`;
    await resource('one', `${reload}\nmin_reload_interval = "3s"`);
    await put('1');
    const confd = start();
    await eventually(async () => expect(await read('ran')).toBe('v=1\n'), PATIENT);
    for (const value of ['2', '3', '4']) {
      await put(value);
      await eventually(async () => expect(await read('out/one')).toBe(`v=${value}\n`), PATIENT);
    }
    await eventually(
      async () => expect((await confd.status()).units).toMatchObject([{ outcome: 'put-off', error: null }]),
      PATIENT,
    );
    await eventually(async () => expect((await confd.ready()).status).toBe(200), PATIENT);
    await eventually(async () => expect(await read('ran')).toBe('v=1\nv=4\n'), PATIENT);
    await eventually(async () => expect(await lines('times')).toBe(2), PATIENT);
    const [first = 0, second = 0] = (await read('times')).trim().split('\n').map(Number);
    expect(second - first).toBeGreaterThan(2_900);
    expect((await confd.stop()).code).toBe(0);
  });

  it('spec 6.8: what was put off when it ends, the next process owes', async () => {
    const { resource, start, read, at } = await bench();
    await resource('one', `reload_cmd = "cat ${at('out/one')} >> ${at('ran')}"\nmin_reload_interval = "1h"`);
    await put('1');
    const first = start();
    await eventually(async () => expect(await read('ran')).toBe('v=1\n'), PATIENT);
    await put('2');
    await first.logged(/reload-put-off/);
    expect((await first.stop()).code).toBe(0);
    start();
    await eventually(async () => expect(await read('ran')).toBe('v=1\nv=2\n'), PATIENT);
  });

  it.each(['check_cmd', 'reload_cmd'])('a %s that never ends is ended with all that it started', async (which) => {
    const { resource, start, read, names, at } = await bench();
    await resource('one', `${which} = "echo $$ > ${at('pid')}; sleep 1000 & sleep 1000"\n${which}_timeout = "1s"`);
    await put('1');
    const confd = start();
    await confd.logged(new RegExp(`${which} .*did not end within 1000 ms`));
    const pid = Number(await read('pid'));
    expect(await names('out')).toEqual(which === 'check_cmd' ? [] : ['one']);
    expect((await confd.stop('SIGKILL')).code).toBe(null);
    await eventually(() => expect(() => process.kill(-pid, 0)).toThrow());
  });

  it('a reload_cmd may leave a daemon that holds its output, and is not waited for, nor ended by what it says', async () => {
    const { resource, start, read, at } = await bench();
    const daemon = `(until test -e ${at('go')}; do sleep 0.1; done; for i in $(seq 20000); do echo $i; echo $i >&2; done; echo lives > ${at('daemon')}) &`;
    await resource('one', `reload_cmd = "${daemon}"`);
    await put('1');
    const confd = start();
    await confd.logged(/reloaded resource=one/);
    await eventually(async () => expect((await confd.ready()).status).toBe(200), PATIENT);
    const { writeFile } = await import('node:fs/promises');
    await writeFile(at('go'), '');
    await eventually(async () => expect(await read('daemon')).toBe('lives\n'), PATIENT);
    expect((await confd.stop()).code).toBe(0);
  });

  it('a reload_cmd may say 100 MB: what it said last is told', async () => {
    const { resource, start } = await bench();
    await resource('one', `reload_cmd = "yes | head -c 100000000; echo the very last; exit 9"`);
    await put('1');
    const confd = start();
    await eventually(() => expect(confd.said().err).toMatch(/exit code 9: .*the very last/), PATIENT);
    expect(confd.said().err.length).toBeLessThan(30_000);
    const { readFile } = await import('node:fs/promises');
    const [, kB] = /VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${confd.child.pid}/status`, 'utf8')) ?? [];
    expect(Number(kB)).toBeLessThan(300_000);
  });
});
