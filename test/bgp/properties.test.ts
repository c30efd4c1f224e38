import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortDiagnostics } from '../../src/core/diagnostic.ts';
import { affinityKey, resourceKey } from '../../src/core/keys.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { node, peer, pool } from '../support/cluster.ts';
import { selfFor } from '../support/self.ts';
import { anyCluster, anyEntry } from './any-cluster.ts';
import { buildBoth } from './build.ts';

const SELF = selfFor('self', { kernelTunnel: true });

function rebuild(decoder: ResourcesDecoder, store: TestStore) {
  const built = buildBoth(decoder.decode(store.snapshot()), SELF);
  return { bgp: built.value!, diagnostics: sortDiagnostics(built.diagnostics) };
}

describe('any cluster', () => {
  it('gives the same whatever the order in which its entries arrive', () => {
    fc.assert(
      fc.property(
        anyCluster.chain((entries) =>
          fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries, { minLength: entries.length })),
        ),
        ([one, other]) => {
          const [a, b] = [one, other].map((entries) =>
            rebuild(new ResourcesDecoder('self', new Map()), new TestStore('self', entries)),
          );
          expect(b).toEqual(a);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives sessions of unique, valid names, sorted, with neighbors that BIRD takes', () => {
    fc.assert(
      fc.property(anyCluster, (entries) => {
        const { bgp } = rebuild(new ResourcesDecoder('self', new Map()), new TestStore('self', entries));
        for (const family of [4, 6] as const) {
          const { peers: sessions, address } = bgp[family];
          const names = sessions.map((session) => session.name);
          expect(new Set(names).size).toBe(names.length);
          expect(names.every((n) => /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(n))).toBe(true);
          expect(names).toEqual([...names].sort());
          for (const session of sessions) {
            expect(session.address.includes(':')).toBe(family === 6);
            expect(session.address).not.toBe(address);
            expect(session.asNumber).toBeGreaterThan(0);
            expect(session.origins.length).toBeGreaterThan(0);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same objects for the sessions that a change leaves as they were', () => {
    fc.assert(
      fc.property(anyCluster, anyEntry, (entries, change) => {
        const store = new TestStore('self', entries);
        const decoder = new ResourcesDecoder('self', new Map());
        const before = rebuild(decoder, store).bgp;
        const changed = change[0] === resourceKey('Node', 'self') ? resourceKey('IPPool', 'x') : change[0];
        store.put(changed, changed === change[0] ? change[1] : pool('x', '203.0.113.128/25')[1]);
        const after = rebuild(decoder, store).bgp;
        for (const family of [4, 6] as const) {
          for (const session of after[family].peers) {
            const old = before[family].peers.find((other) => other.name === session.name);
            if (!old || session.origins.includes(changed)) continue; // a resource written again is another object
            if (JSON.stringify(old) === JSON.stringify(session)) expect(session).toBe(old);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a change elsewhere', () => {
  it('leaves every session the same object', () => {
    const store = new TestStore('self', [
      node('self', '192.0.2.1'),
      node('b', '192.0.2.2'),
      node('c', '192.0.2.3'),
      peer('x', { peerIP: '203.0.113.1', asNumber: 1 }),
    ]);
    const decoder = new ResourcesDecoder('self', new Map());
    const [one, b, c, ...none] = rebuild(decoder, store).bgp[4].peers;
    expect(none).toEqual([]);
    store.put(...node('b', '192.0.2.22'));
    store.put(...pool('p', '198.51.100.0/24'));
    store.put(affinityKey('self', '198.51.100.0/26'), '');
    const after = rebuild(decoder, store).bgp[4].peers;
    expect(after.map((session) => session.name)).toEqual(['Global_203_0_113_1', 'Mesh_192_0_2_22', 'Mesh_192_0_2_3']);
    expect(after[0]).toBe(one);
    expect(after[1]).not.toBe(b);
    expect(after[2]).toBe(c);
    store.put(...node('self', '192.0.2.1', { asNumber: 64500 }));
    expect(rebuild(decoder, store).bgp[4].peers[2]).not.toBe(c);
  });
});
