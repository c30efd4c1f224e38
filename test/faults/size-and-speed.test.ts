import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourceKey } from '../../src/core/keys.ts';
import { block, node, peer } from '../support/cluster.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { FaultSite, FIRST_DATA, NODE } from './site.ts';

const MANY = 100_000;
const TXN_OPERATIONS = 100; // etcd takes up to 128
/** etcd takes up to 1.5 MiB; so many of them are more than an answer may have. */
const LARGE = 60;
const LARGE_BYTES = 1_400_000;

const session = (n: number) => peer(`p${n}`, { peerIP: `10.9.0.${n}`, asNumber: 65_000 + n });

/** One etcd behind a proxy. Each test goes on with what the one before left. */
describe('much, large and slow', () => {
  let etcd: EtcdServer;
  let proxy: TcpProxy;
  let site: FaultSite;
  const put = async ([key, value]: readonly [string, string]) => {
    await etcd.client.put(key).value(value);
  };
  /** What one would read after a longer outage: history is gone. */
  const loseHistory = async () => {
    const { header } = await etcd.client.kv.range({ key: Buffer.from('/') });
    await etcd.client.kv.compact({ revision: header.revision, physical: true });
  };

  beforeAll(async () => {
    etcd = await startEtcd();
    proxy = await startTcpProxy(etcd.port);
    for (const entry of FIRST_DATA) await put(entry);
    const direct = ['--endpoints', etcd.endpoint];
    site = await FaultSite.open({ datastore: ['--endpoints', `http://127.0.0.1:${proxy.port}`], direct });
    await site.start();
  });
  afterAll(async () => {
    await site?.close();
    await proxy?.stop();
    await etcd?.stop();
  });

  it('a server that stands still for 20 s', async () => {
    const pausedAt = Date.now();
    etcd.pause();
    const since = await site.stale();
    expect(since).toBeLessThanOrEqual(pausedAt + 1_000);
    etcd.resume();
    await put(session(11));
    await site.converged();
    expect(site.text('bird')).toContain('10.9.0.11');
    expect(site.falls).toBe(0);
  });

  it('a server whose every answer takes three seconds', async () => {
    proxy.delay(3_000);
    proxy.cut();
    await site.stale();
    await put(session(12));
    await site.converged();
    expect(site.text('bird')).toContain('10.9.0.12');
    await put(session(13));
    await site.converged();
    proxy.delay(0);
    expect(site.falls).toBe(0);
  });

  it(`${LARGE} values of ${LARGE_BYTES} bytes, none of which is any good`, async () => {
    const text = site.text('bird');
    const { blob } = { blob: 'x'.repeat(LARGE_BYTES) };
    for (let n = 0; n < LARGE; n++) await put(peer(`large${n}`, { peerIP: blob, asNumber: 65_000 }));
    await site.converged();
    expect(site.text('bird')).toBe(text);
    proxy.refuse();
    proxy.cut();
    await site.stale();
    await put(session(14));
    await loseHistory();
    proxy.allow();
    await site.converged();
    expect(site.text('bird')).toContain('10.9.0.14');
    expect(site.log().length).toBeLessThan(LARGE_BYTES);
    await etcd.client.delete().prefix(resourceKey('BGPPeer', 'large'));
    await site.converged();
    expect(site.falls).toBe(0);
  });

  it(`${MANY} keys`, async () => {
    for (let n = 0; n < MANY; n += TXN_OPERATIONS) {
      const puts = Array.from({ length: TXN_OPERATIONS }, (_, i) => {
        const address = `10.${100 + ((n + i) >> 16)}.${((n + i) >> 8) & 255}.${(n + i) & 255}/8`;
        const [key, value] = node(`n${n + i}`, address);
        return { request_put: { key: Buffer.from(key), value: Buffer.from(value) } };
      });
      await etcd.client.kv.txn({ success: puts });
    }
    await put(block(NODE.name, '10.48.2.0/26'));
    await site.converged();
    proxy.refuse();
    proxy.cut();
    await site.stale();
    await put(block(NODE.name, '10.48.3.0/26'));
    await etcd.client.delete().key(resourceKey('Node', 'n7'));
    await loseHistory();
    proxy.allow();
    await site.converged();
    expect(site.text('bird')).toContain('route 10.48.3.0/26 blackhole;');
    expect(site.falls).toBe(0);
  });
});
