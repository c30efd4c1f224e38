import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { DatastoreHealth } from '../../src/datastore/datastore.ts';
import { EtcdV3Datastore } from '../../src/datastore/etcd-v3.ts';
import type { Surroundings } from '../../src/datastore/generations.ts';
import { credentials, type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { startWatchProxy } from './watch-proxy.ts';

const NODES = '/calico/resources/v3/projectcalico.org/nodes/';
const AFFINITIES = '/calico/ipam/v2/host/a/';
const PREFIXES = [NODES, AFFINITIES];
/** The reader throws while this key is there. */
const POISON = `${NODES}poison`;
const AFFINITY = '{"state":"confirmed","deleted":false}';

/** What ends after each test, last first. */
const cleanups: (() => Promise<unknown>)[] = [];
const use = <T extends { stop(): Promise<unknown> }>(made: T): T => {
  cleanups.push(() => made.stop());
  return made;
};
afterEach(async () => {
  for (const end of cleanups.splice(0).reverse()) await end();
});

interface Loss {
  readonly code: unknown;
  readonly at: number;
  readonly health: DatastoreHealth;
}

/** A store on `port` that has started; `losses` are what it said when it lost etcd, `cuts` what each onNewer showed. */
async function startStore(port: number, surroundings: Partial<Surroundings> = {}) {
  const losses: Loss[] = [];
  const cuts: { revision: bigint; keys: number }[] = [];
  const store: EtcdV3Datastore = new EtcdV3Datastore(
    { endpoints: [`http://127.0.0.1:${port}`], credentials: credentials() },
    {
      clock: systemClock,
      resyncIntervalMs: 60_000,
      log: (event, { code }) => {
        if (event === 'datastore-lost') losses.push({ code, at: Date.now(), health: store.health() });
      },
      ...surroundings,
    },
  );
  cleanups.push(() => store.close());
  const onNewer = () => {
    const { revision, entries } = store.snapshot();
    cuts.push({ revision: BigInt(revision), keys: PREFIXES.reduce((sum, prefix) => sum + entries(prefix).size, 0) });
    if (entries(NODES).has(POISON)) throw new Error('a reader that fails');
  };
  await store.start(PREFIXES, onNewer, new AbortController().signal);
  return { store, losses, cuts };
}

const contentOf = (store: EtcdV3Datastore) =>
  Object.fromEntries(
    PREFIXES.flatMap((prefix) => [...store.snapshot().entries(prefix)].map(([key, { value }]) => [key, value])),
  );

async function freshList(etcd: EtcdServer): Promise<Record<string, string>> {
  const lists = await Promise.all(PREFIXES.map((prefix) => etcd.client.getAll().prefix(prefix).strings()));
  return Object.assign({}, ...lists);
}

/** The first keys whose values differ: a failure must not print thousands of values. */
function differing(a: Record<string, string>, b: Record<string, string>): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].filter((key) => a[key] !== b[key]).slice(0, 5);
}

const catchesUp = (etcd: EtcdServer, store: EtcdV3Datastore, timeoutMs = 10_000) =>
  eventually(
    async () => {
      expect(differing(contentOf(store), await freshList(etcd))).toEqual([]);
      expect(store.health()).toEqual({ inSync: true, staleSince: null, lastError: null });
    },
    { timeoutMs },
  );

/** Puts `count` new keys, by turns under each prefix, in batches. */
async function putMany(etcd: EtcdServer, from: number, count: number, value = AFFINITY): Promise<void> {
  const numbers = Array.from({ length: count }, (_, i) => from + i);
  for (let i = 0; i < count; i += 100) {
    const batch = numbers.slice(i, i + 100);
    await Promise.all(batch.map((n) => etcd.client.put(`${PREFIXES[n % 2]}k${n}`).value(value)));
  }
}

describe('etcd v3 under faults', () => {
  it('has all of 1,000 writes that follow the restart of an etcd that was killed', async () => {
    const etcd = use(await startEtcd());
    await putMany(etcd, 0, 10);
    const { store, losses } = await startStore(etcd.port);
    await etcd.kill9();
    await eventually(() => expect(store.health().inSync).toBe(false));
    expect(store.health().staleSince).toBeLessThanOrEqual(Date.now());
    await etcd.restart({ downSeconds: 10 });
    await putMany(etcd, 10, 1_000);
    await catchesUp(etcd, store, 20_000);
    expect(Object.keys(contentOf(store))).toHaveLength(1_010);
    expect(new Set(losses.map(({ code }) => code))).toEqual(new Set(['unreachable']));
    expect(losses.every(({ health }) => health.staleSince === losses[0]?.health.staleSince)).toBe(true);
    expect(store.metrics.relists).toBe(0);
  });

  it('loses nothing and shows only consistent cuts when TCP breaks three times while it catches up', async () => {
    const etcd = use(await startEtcd());
    const proxy = use(await startTcpProxy(etcd.port));
    const { store, losses, cuts } = await startStore(proxy.port);
    proxy.refuse();
    proxy.cut();
    await eventually(() => expect(store.health().inSync).toBe(false));
    await putMany(etcd, 0, 5_000, 'x'.repeat(1_000));
    // etcd sends a thousand revisions a response, here about 1.1 MB: each break falls into the second response.
    proxy.cutNextAfter(3, 1_700_000);
    const before = proxy.accepted;
    proxy.allow();
    await catchesUp(etcd, store);

    expect(proxy.accepted - before).toBeGreaterThanOrEqual(4);
    expect(new Set(losses.map(({ code }) => code))).toEqual(new Set(['unreachable']));
    expect(store.metrics.relists).toBe(0);
    const { kvs } = await etcd.client.getAll().prefix('/calico/').exec();
    const revisions = kvs.map((kv) => BigInt(kv.mod_revision));
    expect(cuts.length).toBeGreaterThanOrEqual(5);
    for (const { revision, keys } of cuts) expect(keys).toBe(revisions.filter((r) => r <= revision).length);
    expect(cuts.map(({ keys }) => keys)).toEqual(cuts.map(({ keys }) => keys).toSorted((a, b) => a - b));
  });

  it('sees changes and deletions that were compacted away while it was cut off', async () => {
    const etcd = use(await startEtcd());
    const proxy = use(await startTcpProxy(etcd.port));
    await putMany(etcd, 0, 20);
    const { store, losses } = await startStore(proxy.port);
    const before = store.snapshot();
    proxy.refuse();
    proxy.cut();
    await eventually(() => expect(store.health().inSync).toBe(false));
    for (const n of [2, 3, 4]) await etcd.client.delete().key(`${PREFIXES[n % 2]}k${n}`);
    const { header } = await etcd.client.put(`${NODES}k6`).value('{}');
    await etcd.client.kv.compact({ revision: header.revision, physical: true });
    proxy.allow();
    await catchesUp(etcd, store);
    expect(Object.keys(contentOf(store))).toHaveLength(17);
    expect(losses.at(-1)?.code).toBe('watch-cancelled');
    expect(store.metrics.relists).toBe(1);
    expect(store.snapshot().entries(NODES).get(`${NODES}k0`)).toBe(before.entries(NODES).get(`${NODES}k0`));
  });

  it('notices by a probe that nothing arrives any more, and catches up on a new connection', async () => {
    const etcd = use(await startEtcd());
    const proxy = use(await startTcpProxy(etcd.port));
    const timings = { silenceMs: 300, callMs: 300 };
    const { store, losses } = await startStore(proxy.port, { timings });
    proxy.deafen();
    await putMany(etcd, 0, 10);
    await catchesUp(etcd, store);
    expect(losses.map(({ code }) => code)).toEqual(['timeout']);
    const { health, at } = losses[0]!;
    expect(health).toMatchObject({ inSync: false, lastError: { code: 'timeout', retryable: true } });
    expect(health.staleSince).toBeLessThanOrEqual(at - timings.silenceMs);
    expect(proxy.accepted).toBe(2);
  });

  it('stays on its connection while an etcd that has nothing to say answers the probes', async () => {
    const etcd = use(await startEtcd());
    const proxy = use(await startTcpProxy(etcd.port));
    let silences = 0;
    const sleep: Clock['sleep'] = (ms, signal) => {
      if (ms <= 50) silences++;
      return systemClock.sleep(ms, signal);
    };
    const { store, losses } = await startStore(proxy.port, {
      clock: { ...systemClock, sleep },
      timings: { silenceMs: 50 },
    });
    const asked = proxy.sent;
    await eventually(() => expect(silences).toBeGreaterThan(5));
    expect(proxy.sent).toBeGreaterThan(asked);
    expect(losses).toEqual([]);
    expect(store.health().inSync).toBe(true);
    expect(proxy.accepted).toBe(1);
  });

  it('notices silence whichever way the wall clock is set meanwhile', async () => {
    const etcd = use(await startEtcd());
    const proxy = use(await startTcpProxy(etcd.port));
    let offset = 0;
    const clock: Clock = { ...systemClock, now: () => Date.now() + offset };
    const { store, losses } = await startStore(proxy.port, { clock, timings: { silenceMs: 300, callMs: 300 } });
    for (const [n, days] of [1, -2, 1].entries()) {
      offset += days * 86_400_000;
      proxy.deafen();
      await putMany(etcd, n * 10, 10);
      await eventually(() => expect(losses).toHaveLength(n + 1));
      await catchesUp(etcd, store);
    }
    expect(losses.map(({ code }) => code)).toEqual(['timeout', 'timeout', 'timeout']);
    expect(store.metrics.relists).toBe(0);
  });

  for (const [what, change] of [
    ['a value', (etcd: EtcdServer) => etcd.client.put(`${NODES}k0`).value('{}')],
    ['a deletion', (etcd: EtcdServer) => etcd.client.delete().key(`${NODES}k0`)],
  ] as const) {
    it(`finds ${what} that the watch held back, by reading`, async () => {
      const etcd = use(await startEtcd());
      const proxy = use(await startWatchProxy(etcd.port));
      await putMany(etcd, 0, 4);
      const { store, losses } = await startStore(proxy.port, { resyncIntervalMs: 100, timings: { graceMs: 200 } });
      proxy.holdWatches();
      await change(etcd);
      await catchesUp(etcd, store);
      expect(losses.map(({ code }) => code)).toEqual(['missed-by-watch']);
      expect(store.metrics).toEqual({ relists: 1, reconnects: 1, missedByWatch: 1 });
    });
  }

  it('lists anew when the store was wiped', async () => {
    const etcd = use(await startEtcd());
    await putMany(etcd, 0, 10);
    const { store, losses } = await startStore(etcd.port);
    await etcd.restart({ wiped: true });
    await etcd.client.put(`${NODES}k1`).value('{}');
    await catchesUp(etcd, store);
    expect(contentOf(store)).toEqual({ [`${NODES}k1`]: '{}' });
    expect(losses.at(-1)?.code).toBe('revision-went-back');
    expect(store.metrics.relists).toBe(1);
  });

  it('resumes after etcd was shut down in good order', async () => {
    const etcd = use(await startEtcd());
    const { store } = await startStore(etcd.port);
    await etcd.shutDown();
    await etcd.restart();
    await putMany(etcd, 0, 10);
    await catchesUp(etcd, store);
    expect(store.metrics.relists).toBe(0);
  });

  it('goes on when its reader throws', async () => {
    const etcd = use(await startEtcd());
    const said: string[] = [];
    const { store } = await startStore(etcd.port, { log: (event) => said.push(event) });
    await etcd.client.put(POISON).value('{}');
    await eventually(() => expect(said).toContain('datastore-reader-failed'));
    await etcd.client.delete().key(POISON);
    await putMany(etcd, 0, 4);
    await catchesUp(etcd, store);
    expect(said).not.toContain('datastore-lost');
  });
});
