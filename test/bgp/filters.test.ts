import { describe, expect, it } from 'vitest';
import { filterCalls, filterFunctions, filtersOf, shortName } from '../../src/bgp/filters.ts';
import { resourceKey } from '../../src/core/keys.ts';
import type { LiveConfiguration, LiveFunction } from '../../src/core/live-configuration.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { configuration, filter, node, peer } from '../support/cluster.ts';
import { selfFor } from '../support/self.ts';
import { build, buildBoth } from './build.ts';

const A = node('a', '192.0.2.1/24', { ipv6Address: '2001:db8::1/64' });
const NO_MESH = configuration('default', { nodeToNodeMeshEnabled: false });
const ACCEPT = { action: 'Accept' };
const to = (name: string, peerIP: string, filters: readonly string[], more = {}) =>
  peer(name, { peerIP, asNumber: 64496, filters, ...more });

describe('shortName', () => {
  it('keeps 45 characters, and cuts more to 28 and a hash of the whole (spec 5.1)', () => {
    expect(shortName('a'.repeat(45))).toBe('a'.repeat(45));
    expect(shortName('a'.repeat(46))).toMatch(/^a{28}_[0-9A-F]{16}$/);
    expect(shortName('this-is-a-very-long-filter-name-that-must-be-truncated-because-bird')).toBe(
      'this-is-a-very-long-filter-n_D596A98CAC7B07DD',
    );
  });

  it('gives no name another one’s short form', () => {
    const short = shortName('a'.repeat(46));
    expect(shortName(short)).toMatch(/^a{28}_[0-9A-F]{16}$/);
    expect(shortName(short)).not.toBe(short);
  });
});

describe('filter functions', () => {
  it('are those of all filters, by name, import before export, without the empty ones', () => {
    const entries = [
      filter('b', { exportV4: [ACCEPT], importV4: [ACCEPT] }),
      filter('a.b', { importV4: [{ ...ACCEPT, peerType: 'iBGP' }] }),
      filter('c', { importV6: [ACCEPT] }),
      filter('d', {}),
    ];
    const { v4, v6 } = build('a', [A, ...entries]);
    expect(v4.filters.map(({ symbol, takesPeerType }) => [symbol, takesPeerType])).toEqual([
      ['bgp_a.b_importFilterV4', true],
      ['bgp_b_importFilterV4', false],
      ['bgp_b_exportFilterV4', false],
    ]);
    expect(v6.filters.map(({ symbol, origins }) => [symbol, origins])).toEqual([
      ['bgp_c_importFilterV6', [resourceKey('BGPFilter', 'c')]],
    ]);
  });

  it('are the same objects while their filter is', () => {
    const store = new TestStore('a', [A, filter('f', { importV4: [ACCEPT] })]);
    const decoder = new ResourcesDecoder('a', new Map());
    const [one, two] = [store.snapshot(), store.put(...node('b', '192.0.2.2')).snapshot()].map(
      (snapshot) => filterFunctions(filtersOf(decoder.decode(snapshot), 4, null))[0],
    );
    expect(two).toBe(one);
  });

  it('are called in the order of the peer, and told of it only where they ask', () => {
    const entries = [
      filter('f', { importV4: [ACCEPT] }),
      filter('g', { importV4: [{ ...ACCEPT, peerType: 'eBGP' }], exportV4: [ACCEPT] }),
    ];
    const { v4 } = build('a', [A, NO_MESH, ...entries, to('x', '203.0.113.1', ['g', 'f'])]);
    expect(v4.peers[0]).toMatchObject({
      importFilters: [
        { symbol: 'bgp_g_importFilterV4', internal: false },
        { symbol: 'bgp_f_importFilterV4', internal: null },
      ],
      exportFilters: [{ symbol: 'bgp_g_exportFilterV4', internal: null }],
    });
    expect(filterCalls([], 'import', true)).toEqual([]);
  });
});

describe('a filter that a peer names', () => {
  it('but that is not there has no effect, with a warning', () => {
    const { v4, told } = build('a', [A, NO_MESH, to('x', '203.0.113.1', ['gone'])]);
    expect(v4.peers[0]).toMatchObject({ importFilters: [], exportFilters: [] });
    expect(told).toEqual(['unknown-filter x spec.filters.0']);
  });

  it('and that never was valid rejects everything, both ways, and every peer that it affects is named', () => {
    const store = new TestStore('a', [
      A,
      NO_MESH,
      filter('broken', { importV4: [{ action: 'Allow' }] }),
      to('z', '203.0.113.1', ['broken']),
      to('y', '2001:db8:1::1', ['broken']),
      to('others', '203.0.113.2', ['broken'], { node: 'b' }),
      to('free', '203.0.113.3', []),
    ]);
    const decoder = new ResourcesDecoder('a', new Map());
    const { value, diagnostics } = buildBoth(decoder.decode(store.snapshot()), selfFor('a'));
    const reject = [{ conditions: [], peerType: null, operations: [], action: 'reject' }];
    for (const family of [4, 6] as const) {
      const [imports, exports] = [`bgp_broken_importFilterV${family}`, `bgp_broken_exportFilterV${family}`];
      expect(value![family].filters).toMatchObject([
        { symbol: imports, takesPeerType: false, rules: reject },
        { symbol: exports, takesPeerType: false, rules: reject },
      ]);
      expect(value![family].peers.at(0)).toMatchObject({
        importFilters: [{ symbol: imports, internal: null }],
        exportFilters: [{ symbol: exports, internal: null }],
      });
    }
    expect(value![4].peers[1]).toMatchObject({ name: 'Global_203_0_113_3', importFilters: [], exportFilters: [] });
    const told = { severity: 'error', code: 'filter-invalid', key: resourceKey('BGPFilter', 'broken'), path: [] };
    expect(diagnostics).toEqual([
      { ...told, message: expect.stringMatching(/rejects every IPv4 route.*: BGPPeer z$/) },
      { ...told, message: expect.stringMatching(/rejects every IPv6 route.*: BGPPeer y$/) },
    ]);
  });

  it('and that never was valid stays as the live file has it', () => {
    const live = (functions: Readonly<Record<string, Partial<LiveFunction>>>): LiveConfiguration => ({
      password: () => null,
      filterFunction: (symbol) => {
        const found = functions[symbol];
        return found ? { text: symbol, takesPeerType: false, rejectsAll: false, ...found } : null;
      },
    });
    const store = new TestStore('a', [
      A,
      NO_MESH,
      [resourceKey('BGPFilter', 'f'), 'x'],
      to('x', '203.0.113.1', ['f']),
      to('y', '2001:db8:1::1', ['f']),
    ]);
    const decoded = new ResourcesDecoder('a', new Map()).decode(store.snapshot());
    const [imports, exports] = ['bgp_f_importFilterV4', 'bgp_f_exportFilterV4'];
    const built = (functions: Parameters<typeof live>[0]) => {
      const { value, diagnostics } = buildBoth(decoded, selfFor('a'), live(functions));
      const texts = value![4].filters.map(({ symbol, live: text, rules }) => [symbol, text ?? rules[0]?.action]);
      const [session] = value![4].peers;
      const calls = [...session!.importFilters, ...session!.exportFilters].map((call) => [call.symbol, call.internal]);
      return { texts, calls, told: diagnostics.map(({ message }) => message.replace(/ to and from.*: /, ' ')) };
    };
    expect(built({ [imports]: { takesPeerType: true } })).toEqual({
      texts: [[imports, imports]],
      calls: [[imports, false]],
      told: [
        `this filter never was valid, so ${imports} stays as it is in the live file, BGPPeer x`,
        'this filter never was valid, so it rejects every IPv6 route, BGPPeer y',
      ],
    });
    expect(built({ [imports]: {}, [exports]: { rejectsAll: true } })).toMatchObject({
      texts: [
        [imports, imports],
        [exports, exports],
      ],
      told: [expect.stringContaining(`so ${imports} and ${exports} stay as they are`), expect.any(String)],
    });
    const closed = { [imports]: { rejectsAll: true }, [exports]: { rejectsAll: true } };
    expect(built(closed)).toEqual(built({}));
    expect(built({}).texts).toEqual([
      [imports, 'reject'],
      [exports, 'reject'],
    ]);
  });

  it('and that was valid once keeps its last valid rules', () => {
    const store = new TestStore('a', [A, filter('f', { importV4: [ACCEPT] }), to('x', '203.0.113.1', ['f'])]);
    const decoder = new ResourcesDecoder('a', new Map());
    const before = buildBoth(decoder.decode(store.snapshot()), selfFor('a')).value![4];
    store.put(resourceKey('BGPFilter', 'f'), '{"spec": 1}');
    const { value, diagnostics } = buildBoth(decoder.decode(store.snapshot()), selfFor('a'));
    expect(value![4].filters).toEqual(before.filters);
    expect(diagnostics).toEqual([]);
  });

  it('under a name that is none is no filter at all', () => {
    const store = new TestStore('a', [
      A,
      [resourceKey('BGPFilter', 'a b'), 'x'],
      [resourceKey('BGPFilter', 'a/b'), 'x'],
    ]);
    const { value } = buildBoth(new ResourcesDecoder('a', new Map()).decode(store.snapshot()), selfFor('a'));
    expect([...value![4].filters, ...value![6].filters]).toEqual([]);
  });
});
