import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Datastore, Snapshot } from '../../src/datastore/datastore.ts';
import { eventually } from '../support/eventually.ts';

/** A datastore that has not been started, and the means to change what it reads. */
export interface Subject {
  readonly store: Datastore;
  /** Resolves once the value stands there; works before and after the start. */
  put(key: string, value: string): Promise<void> | void;
  delete(key: string): Promise<void> | void;
  /** A second store on the same data, where one can be had: it shows that a change would have been noticed by now. */
  another?(): Datastore;
  /** Ends what `make` started; the contract closes the store before. */
  stop(): Promise<void> | void;
}

const RESOURCES = '/calico/resources/v3/projectcalico.org/';
const POOLS = `${RESOURCES}ippools/`;
const PEERS = `${RESOURCES}bgppeers/`;
const AFFINITIES = '/calico/ipam/v2/host/a/';
const PREFIXES = [POOLS, PEERS, AFFINITIES];
const AFFINITY = JSON.stringify({ state: 'confirmed', deleted: false });

const resource = (kind: string, name: string, spec: Record<string, unknown>) =>
  JSON.stringify({ kind, apiVersion: 'projectcalico.org/v3', metadata: { name }, spec });
const pool = (name: string, cidr = '10.0.0.0/16') => resource('IPPool', name, { cidr });
const peer = (name: string, asNumber = 64512) => resource('BGPPeer', name, { peerIP: '192.0.2.1', asNumber });

/** Key → parsed value: a datastore may lay out the JSON anew. */
const contentOf = (snapshot: Snapshot, prefix: string) =>
  Object.fromEntries([...snapshot.entries(prefix)].map(([key, { value }]) => [key, JSON.parse(value)]));

/** What every datastore guarantees (architecture 2), as tests over a fresh one from `make`. */
export function datastoreContract(name: string, make: () => Promise<Subject>): void {
  describe(`${name}: the datastore contract`, () => {
    let subject: Subject;
    let calls = 0;
    let seen: number[] = [];
    const stopped = { signal: new AbortController() };

    const start = () =>
      subject.store.start(
        PREFIXES,
        () => {
          calls++;
          seen.push(subject.store.snapshot().generation);
        },
        stopped.signal.signal,
      );
    /** Does `change`, then waits until the store has said "newer" and shows what `check` wants. */
    const changed = async (change: () => Promise<void> | void, check: (snapshot: Snapshot) => void) => {
      const before = calls;
      await change();
      return eventually(() => {
        expect(calls).toBeGreaterThan(before);
        const snapshot = subject.store.snapshot();
        check(snapshot);
        return snapshot;
      });
    };

    beforeEach(async () => {
      subject = await make();
      calls = 0;
      seen = [];
      stopped.signal = new AbortController();
    });
    afterEach(async () => {
      await subject.store.close();
      await subject.stop();
    });

    it('throws on a snapshot before the start', () => {
      expect(() => subject.store.snapshot()).toThrow('bug');
      expect(subject.store.health().inSync).toBe(false);
    });

    it('has every key under the prefixes, and no other, in the first snapshot', async () => {
      await subject.put(`${POOLS}a`, pool('a'));
      await subject.put(`${POOLS}b`, pool('b', 'fd00::/64'));
      await subject.put(`${PEERS}a`, peer('a'));
      await subject.put(`${AFFINITIES}ipv4/block/10.0.0.0-26`, AFFINITY);
      await subject.put(`${RESOURCES}nodes/a`, resource('Node', 'a', {}));
      await subject.put('/calico/ipam/v2/host/a2/ipv4/block/10.0.1.0-26', AFFINITY);
      await start();
      const snapshot = subject.store.snapshot();
      expect(contentOf(snapshot, POOLS)).toEqual({
        [`${POOLS}a`]: JSON.parse(pool('a')),
        [`${POOLS}b`]: JSON.parse(pool('b', 'fd00::/64')),
      });
      expect(Object.keys(contentOf(snapshot, PEERS))).toEqual([`${PEERS}a`]);
      expect(Object.keys(contentOf(snapshot, AFFINITIES))).toEqual([`${AFFINITIES}ipv4/block/10.0.0.0-26`]);
      expect(subject.store.health()).toEqual({ inSync: true, staleSince: null, lastError: null });
    });

    it('starts in sync with nothing there', async () => {
      await start();
      expect(PREFIXES.map((prefix) => subject.store.snapshot().entries(prefix).size)).toEqual([0, 0, 0]);
    });

    it('throws when asked for a prefix that it was not started with', async () => {
      await start();
      expect(() => subject.store.snapshot().entries(`${RESOURCES}nodes/`)).toThrow('bug');
    });

    it('says that newer exists after a value was added, changed and deleted', async () => {
      await start();
      const key = `${PEERS}a`;
      await changed(
        () => subject.put(key, peer('a', 1)),
        (snapshot) => expect(contentOf(snapshot, PEERS)).toEqual({ [key]: JSON.parse(peer('a', 1)) }),
      );
      await changed(
        () => subject.put(key, peer('a', 2)),
        (snapshot) => expect(contentOf(snapshot, PEERS)).toEqual({ [key]: JSON.parse(peer('a', 2)) }),
      );
      await changed(
        () => subject.delete(key),
        (snapshot) => expect(contentOf(snapshot, PEERS)).toEqual({}),
      );
    });

    it('ignores changes under other prefixes, also under one that only begins alike', async () => {
      await start();
      await subject.put('/calico/ipam/v2/host/a2/ipv4/block/10.0.1.0-26', AFFINITY);
      await subject.put(`${RESOURCES}nodes/a`, resource('Node', 'a', {}));
      const snapshot = await changed(
        () => subject.put(`${AFFINITIES}ipv4/block/10.0.2.0-26`, AFFINITY),
        (snapshot) => expect(snapshot.entries(AFFINITIES).size).toBe(1),
      );
      expect([...snapshot.entries(AFFINITIES).keys()]).toEqual([`${AFFINITIES}ipv4/block/10.0.2.0-26`]);
      expect(PREFIXES.map((prefix) => snapshot.entries(prefix).size)).toEqual([0, 0, 1]);
    });

    it('leaves a snapshot that was taken as it was', async () => {
      await subject.put(`${POOLS}a`, pool('a'));
      await start();
      const taken = subject.store.snapshot();
      const before = contentOf(taken, POOLS);
      await changed(
        async () => {
          await subject.put(`${POOLS}b`, pool('b'));
          await subject.put(`${POOLS}a`, pool('a', '10.9.0.0/16'));
        },
        (snapshot) => expect(contentOf(snapshot, POOLS)[`${POOLS}a`].spec.cidr).toBe('10.9.0.0/16'),
      );
      expect(contentOf(taken, POOLS)).toEqual(before);
      expect(subject.store.snapshot().generation).toBeGreaterThan(taken.generation);
    });

    it('gives the same Map while a prefix does not change, and the same Entry while a key does not', async () => {
      await subject.put(`${POOLS}a`, pool('a'));
      await subject.put(`${PEERS}a`, peer('a'));
      await start();
      const before = subject.store.snapshot();
      const later = await changed(
        () => subject.put(`${POOLS}b`, pool('b')),
        (snapshot) => expect(snapshot.entries(POOLS).size).toBe(2),
      );
      expect(later.entries(PEERS)).toBe(before.entries(PEERS));
      expect(later.entries(POOLS)).not.toBe(before.entries(POOLS));
      expect(later.entries(POOLS).get(`${POOLS}a`)).toBe(before.entries(POOLS).get(`${POOLS}a`));
    });

    it('gives equal snapshots the same generation, and later ones never a smaller one', async () => {
      await start();
      expect(subject.store.snapshot().generation).toBe(subject.store.snapshot().generation);
      for (const asNumber of [1, 2, 3]) {
        const { generation } = subject.store.snapshot();
        const later = await changed(
          () => subject.put(`${PEERS}a`, peer('a', asNumber)),
          (snapshot) => expect(contentOf(snapshot, PEERS)[`${PEERS}a`].spec.asNumber).toBe(asNumber),
        );
        expect(later.generation).toBeGreaterThan(generation);
      }
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
    });

    it('ends a burst of 500 changes with the last value of each key', async () => {
      await start();
      const names = Array.from({ length: 100 }, (_, i) => `p${i}`);
      const burst = async () => {
        for (const asNumber of [1, 2, 3, 4, 5]) {
          await Promise.all(names.map((name) => subject.put(`${PEERS}${name}`, peer(name, asNumber))));
        }
        await Promise.all(names.slice(0, 10).map((name) => subject.delete(`${PEERS}${name}`)));
      };
      const expected = names.slice(10).map((name) => [`${PEERS}${name}`, JSON.parse(peer(name, 5))]);
      await changed(burst, (snapshot) => expect(contentOf(snapshot, PEERS)).toEqual(Object.fromEntries(expected)));
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
    });

    it('says nothing any more after the abort', async () => {
      await start();
      await changed(
        () => subject.put(`${POOLS}a`, pool('a')),
        (snapshot) => expect(snapshot.entries(POOLS).size).toBe(1),
      );
      const witness = subject.another?.();
      await witness?.start(PREFIXES, () => undefined, new AbortController().signal);
      stopped.signal.abort();
      const before = calls;
      await subject.put(`${POOLS}b`, pool('b'));
      await eventually(() => expect(witness?.snapshot().entries(POOLS).size ?? 2).toBe(2));
      await witness?.close();
      expect(calls).toBe(before);
    });

    it('says nothing ever when the signal was aborted before the start', async () => {
      stopped.signal.abort();
      // Whether it resolves, with a copy that nobody follows, or not: what it lacks may be had later.
      await start().catch((error: unknown) => expect(error).toMatchObject({ stage: 'datastore', retryable: true }));
      const witness = subject.another?.();
      await witness?.start(PREFIXES, () => undefined, new AbortController().signal);
      await subject.put(`${POOLS}a`, pool('a'));
      await eventually(() => expect(witness?.snapshot().entries(POOLS).size ?? 1).toBe(1));
      await witness?.close();
      expect(calls).toBe(0);
    });

    it('can be closed twice', async () => {
      await start();
      await subject.store.close();
      await expect(subject.store.close()).resolves.toBeUndefined();
    });
  });
}
