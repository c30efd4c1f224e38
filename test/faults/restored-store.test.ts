import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourceKey } from '../../src/core/keys.ts';
import { block, peer } from '../support/cluster.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { FaultSite, FIRST_DATA, NODE } from './site.ts';

const session = (n: number) => peer(`p${n}`, { peerIP: `10.9.0.${n}`, asNumber: 65_000 + n });

/** One etcd whose store becomes another one while birdconfd runs. Each test goes on with what the one before left. */
describe('a store that is not what it was', () => {
  let etcd: EtcdServer;
  let proxy: TcpProxy;
  let site: FaultSite;
  const put = async ([key, value]: readonly [string, string]) => {
    await etcd.client.put(key).value(value);
  };
  const drop = async (name: string) => {
    await etcd.client.delete().key(resourceKey('BGPPeer', name));
  };
  const snapshotFile = () => join(site.dir, 'snapshot.db');
  const revision = async () => BigInt((await etcd.client.kv.range({ key: Buffer.from('/') })).header.revision);

  beforeAll(async () => {
    etcd = await startEtcd();
    for (const entry of FIRST_DATA) await put(entry);
    proxy = await startTcpProxy(etcd.port);
    const direct = ['--endpoints', etcd.endpoint];
    site = await FaultSite.open({ datastore: ['--endpoints', `http://127.0.0.1:${proxy.port}`], direct });
    await site.start();
  });
  afterAll(async () => {
    await site?.close();
    await proxy?.stop();
    await etcd?.stop();
  });

  it('is restarted: what follows arrives, and the service said since when it was stale', async () => {
    const killedAt = Date.now();
    await etcd.kill9();
    expect(await site.stale()).toBeLessThanOrEqual(killedAt + 1_000);
    await etcd.restart();
    await put(session(10));
    await site.converged();
    expect(site.text('bird')).toContain('neighbor 10.9.0.10 as 65010;');
    expect(site.falls).toBe(0);
  });

  it('is restored to an older state that has come to newer revisions: what vanished goes, what has another value changes', async () => {
    await put(session(11));
    await put(block(NODE.name, '10.48.2.0/26'));
    await etcd.saveSnapshot(snapshotFile());
    await drop('p11');
    await put(session(12));
    await put(session(13));
    await put(block(NODE.name, '10.48.3.0/26'));
    await site.converged();
    const before = await revision();
    proxy.refuse();
    await etcd.restart({ restored: { file: snapshotFile() } });
    // The same keys at the same revisions, one with another value; then more, until the store is ahead of what birdconfd has seen.
    await drop('p11');
    await put(peer('p12', { peerIP: '10.9.0.12', asNumber: 65_112 }));
    while ((await revision()) <= before + 5n) await etcd.client.put('/elsewhere').value('x');
    proxy.allow();
    await site.converged();
    expect(site.text('bird')).toContain('neighbor 10.9.0.12 as 65112;');
    expect(site.text('bird')).not.toContain('10.9.0.13');
    expect(site.text('bird')).not.toContain('route 10.48.3.0/26');
    expect(site.logged('datastore-lost', 'missed-by-watch')).toBe(1);
    expect(site.falls).toBe(0);
  });

  it('holds a bad value, and then there are puts and deletions of the same kind', async () => {
    const good = session(17);
    await put(good);
    await site.converged();
    const [key, value] = peer('p17', { peerIP: '10.9.0.999', asNumber: 65_000 });
    await put([key, value]);
    await put(session(18));
    await drop('p12');
    await put([key, 'no JSON']);
    await put(session(19));
    await drop('p18');
    // As long as the bad value stands there the last valid one stays, which a fresh render knows nothing of.
    await site.shows((text) => {
      expect(text).toContain('neighbor 10.9.0.17 as 65017;');
      expect(text).toContain('neighbor 10.9.0.19 as 65019;');
      expect(text).not.toMatch(/10\.9\.0\.1[28]/);
    });
    await put(good);
    await site.converged();
    expect(site.falls).toBe(0);
  });
});
