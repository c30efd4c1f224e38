import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peer } from '../support/cluster.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { FaultSite, FIRST_DATA } from './site.ts';

const session = (n: number) => peer(`p${n}`, { peerIP: `10.9.0.${n}`, asNumber: 65_000 + n });

describe('a store that shows by its answers that it is another one', () => {
  let etcd: EtcdServer;
  let site: FaultSite;
  const put = async ([key, value]: readonly [string, string]) => {
    await etcd.client.put(key).value(value);
  };
  const snapshotFile = () => join(site.dir, 'snapshot.db');

  beforeAll(async () => {
    etcd = await startEtcd();
    for (const entry of FIRST_DATA) await put(entry);
    site = await FaultSite.open({ datastore: ['--endpoints', etcd.endpoint] });
    await site.start();
  });
  afterAll(async () => {
    await site?.close();
    await etcd?.stop();
  });

  it('is restored to an older revision', async () => {
    await etcd.saveSnapshot(snapshotFile());
    await put(session(14));
    await site.converged();
    await etcd.restart({ restored: { file: snapshotFile() } });
    await site.converged();
    expect(site.text('bird')).not.toContain('10.9.0.14');
    expect(site.logged('datastore-lost', 'revision-went-back')).toBe(1);
    expect(site.falls).toBe(0);
  });

  it('is restored as another cluster', async () => {
    await etcd.saveSnapshot(snapshotFile());
    await put(session(15));
    await site.converged();
    await etcd.restart({ restored: { file: snapshotFile(), token: 'another' } });
    await put(session(16));
    await site.converged();
    expect(site.text('bird')).not.toContain('10.9.0.15');
    expect(site.logged('datastore-lost', 'cluster-changed')).toBe(1);
    expect(site.falls).toBe(0);
  });
});
