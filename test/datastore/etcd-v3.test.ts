import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { EtcdV3Datastore } from '../../src/datastore/etcd-v3.ts';
import { credentials, type EtcdServer, startEtcd } from '../support/etcd.ts';
import { datastoreContract } from './contract.ts';

let etcd: EtcdServer;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.stop());

const datastore = () =>
  new EtcdV3Datastore(
    { endpoints: [etcd.endpoint], credentials: credentials() },
    { clock: systemClock, resyncIntervalMs: 60_000, log: () => undefined },
  );

datastoreContract('etcd v3', async () => {
  await etcd.client.delete().all();
  return {
    store: datastore(),
    another: datastore,
    put: async (key, value) => void (await etcd.client.put(key).value(value)),
    delete: async (key) => void (await etcd.client.delete().key(key)),
    stop: () => undefined,
  };
});
