import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { prefixesFor, resourceKey, resourcePrefix, SECRET_FILES } from '../../src/core/keys.ts';
import { Secret } from '../../src/core/secret.ts';
import { EtcdV3Datastore } from '../../src/datastore/etcd-v3.ts';
import { credentials, type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';

const PREFIXES = prefixesFor('node-a');
const OTHERS = PREFIXES.filter((prefix) => !prefix.startsWith('/'));
const POOLS = resourcePrefix('IPPool');
const AUTH = { user: 'birdconfd', password: 'a secret', prefix: '/calico/' };
const RESYNC_MS = 20;

let etcd: EtcdServer;
beforeAll(async () => {
  etcd = await startEtcd({ auth: AUTH });
  // What stands there by accident; it would show in lists, in counts and in a watch over all prefixes.
  for (const prefix of OTHERS) await etcd.client.put(`${prefix}a/b`).value('by accident');
});
afterAll(() => etcd.stop());

/** A started store that asks for all that a node asks for, with what its resync and its log did. */
async function started(who: { username: string; password: Secret }) {
  const sleep = vi.fn(systemClock.sleep);
  const log = vi.fn();
  const store = new EtcdV3Datastore(
    { endpoints: [etcd.endpoint], credentials: credentials(who) },
    { clock: { now: systemClock.now, sleep }, resyncIntervalMs: RESYNC_MS, log },
  );
  onTestFinished(() => store.close());
  const onNewer = vi.fn();
  await store.start(PREFIXES, onNewer, new AbortController().signal);
  const resyncs = () => sleep.mock.calls.filter(([ms]) => ms === RESYNC_MS).length;
  return { store, log, onNewer, resyncs };
}

it('serves prefixes of other sources empty, and needs no permission for them', async () => {
  const { store, resyncs, log } = await started({ username: AUTH.user, password: new Secret(AUTH.password) });
  expect(OTHERS).toContain(SECRET_FILES);
  const before = resyncs();
  await eventually(() => expect(resyncs()).toBeGreaterThan(before + 2));
  await etcd.client.put(resourceKey('IPPool', 'a')).value('{}');
  await eventually(() => expect([...store.snapshot().entries(POOLS).keys()]).toEqual([resourceKey('IPPool', 'a')]));
  expect(OTHERS.map((prefix) => store.snapshot().entries(prefix).size)).toEqual(OTHERS.map(() => 0));
  expect(log.mock.calls.map(([event]) => event)).toEqual(['datastore-in-sync']);
});

it('neither lists, watches nor counts what stands under them, though it may read everything', async () => {
  const { store, resyncs, log, onNewer } = await started({ username: 'root', password: new Secret(AUTH.password) });
  for (const prefix of OTHERS) await etcd.client.put(`${prefix}c/d`).value('by accident');
  await etcd.client.put(resourceKey('IPPool', 'last')).value('{}');
  await eventually(() => expect(store.snapshot().entries(POOLS).has(resourceKey('IPPool', 'last'))).toBe(true));
  expect(onNewer).toHaveBeenCalledOnce();
  expect(OTHERS.map((prefix) => store.snapshot().entries(prefix).size)).toEqual(OTHERS.map(() => 0));
  const before = resyncs();
  await eventually(() => expect(resyncs()).toBeGreaterThan(before + 2));
  expect(store.metrics).toEqual({ relists: 0, reconnects: 0, missedByWatch: 0 });
  expect(log.mock.calls.map(([event]) => event)).toEqual(['datastore-in-sync']);
});
