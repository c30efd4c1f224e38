import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peer } from '../support/cluster.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { FaultSite, FIRST_DATA } from './site.ts';

const DAY_SECONDS = 86_400;
/** Where Debian's package has it, in the folder of the machine's architecture. */
const library = readdirSync('/usr/lib')
  .map((folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));
const session = (n: number) => peer(`p${n}`, { peerIP: `10.9.0.${n}`, asNumber: 65_000 + n });

/** birdconfd under faketime: only its wall clock is set, as by NTP or by hand; what timers run on goes on. */
describe('a wall clock that is set', () => {
  let dir: string;
  let etcd: EtcdServer;
  let proxy: TcpProxy;
  let site: FaultSite;
  const setClock = (offsetSeconds: number) => {
    writeFileSync(join(dir, 'clock'), `${offsetSeconds < 0 ? '' : '+'}${offsetSeconds}`);
  };
  const put = async ([key, value]: readonly [string, string]) => {
    await etcd.client.put(key).value(value);
  };
  /** By birdconfd's clock. */
  const lastLogTime = () => Date.parse(JSON.parse(site.log().trim().split('\n').at(-1) ?? '{}').time);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-clock-'));
    if (library === undefined) throw new Error('faketime is not installed: node scripts/prepare.mjs --faults');
    setClock(0);
    etcd = await startEtcd();
    proxy = await startTcpProxy(etcd.port);
    for (const entry of FIRST_DATA) await put(entry);
    const faked = ['env', `LD_PRELOAD=${library}`, `FAKETIME_TIMESTAMP_FILE=${join(dir, 'clock')}`];
    site = await FaultSite.open({
      datastore: ['--endpoints', `http://127.0.0.1:${proxy.port}`],
      direct: ['--endpoints', etcd.endpoint],
      wrapper: [...faked, 'FAKETIME_NO_CACHE=1', 'FAKETIME_DONT_FAKE_MONOTONIC=1'],
    });
    await site.start();
  });
  afterAll(async () => {
    await site?.close();
    await proxy?.stop();
    await etcd?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  for (const [what, offset, n] of [
    ['a day ahead', DAY_SECONDS, 11],
    ['and two days back', -DAY_SECONDS, 12],
    ['and right again', 0, 13],
  ] as const) {
    it(`${what}: changes arrive, and silence is noticed`, async () => {
      setClock(offset);
      await put(session(n));
      await site.converged();
      expect(site.text('bird')).toContain(`neighbor 10.9.0.${n} as`);
      expect(Math.abs(lastLogTime() - Date.now() - offset * 1_000)).toBeLessThan(60_000);
      proxy.deafen();
      const deafAt = Date.now();
      const lost = site.logged('datastore-lost');
      await put(session(n + 10));
      await eventually(() => expect(site.logged('datastore-lost')).toBeGreaterThan(lost), { timeoutMs: 38_000 });
      expect(Date.now() - deafAt).toBeLessThan(38_000);
      await site.converged();
      expect(site.text('bird')).toContain(`neighbor 10.9.0.${n + 10} as`);
      expect(site.falls).toBe(0);
    });
  }
});
