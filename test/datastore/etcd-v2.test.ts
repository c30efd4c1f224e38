import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { EtcdV2Datastore } from '../../src/datastore/etcd-v2.ts';
import { credentials, type EtcdServer, startEtcd } from '../support/etcd.ts';
import { EtcdV2Keys } from '../support/etcd-v2-keys.ts';
import { datastoreContract } from './contract.ts';

let etcd: EtcdServer;
beforeAll(async () => {
  etcd = await startEtcd({ v2: true });
});
afterAll(() => etcd.stop());

const datastore = () =>
  new EtcdV2Datastore(
    { endpoints: [etcd.endpoint], credentials: credentials() },
    { clock: systemClock, resyncIntervalMs: 60_000, log: () => undefined },
  );

datastoreContract('etcd v2', async () => {
  const keys = new EtcdV2Keys(etcd.endpoint);
  await keys.delete('/calico');
  return {
    store: datastore(),
    another: datastore,
    put: (key, value) => keys.put(key, value),
    delete: (key) => keys.delete(key),
    stop: () => undefined,
  };
});
