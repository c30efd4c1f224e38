import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
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

it('reads once over calls that end, and asks for no watch', async () => {
  const calls = async (method: string) => {
    const text = await (await fetch(`${etcd.endpoint}/metrics`)).text();
    const counted = new RegExp(`^grpc_server_started_total\\{grpc_method="${method}".*\\} (\\d+)$`, 'm').exec(text);
    return Number(counted?.[1]);
  };
  await etcd.client.delete().all();
  await etcd.client.put('/a/x').value('read');
  const [ranges, watches] = [await calls('Range'), await calls('Watch')];
  const store = new EtcdV3Datastore(
    { endpoints: [etcd.endpoint], credentials: credentials() },
    { clock: systemClock, resyncIntervalMs: 60_000, log: () => undefined, watch: false },
  );
  onTestFinished(() => store.close());
  await store.start(['/a/', '/b/'], () => undefined, new AbortController().signal);
  expect(store.snapshot().entries('/a/').get('/a/x')?.value).toBe('read');
  expect(store.health()).toEqual({ inSync: true, staleSince: null, lastError: null });
  expect(await calls('Range')).toBe(ranges + 3); // one of them only to hear whether etcd answers
  expect(await calls('Watch')).toBe(watches);
});
