import { describe, expect, it } from 'vitest';
import { resourceKey } from '../../src/core/keys.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { block, configuration, node, peer, pool } from '../support/cluster.ts';
import { selfFor } from '../support/self.ts';
import { build, buildBoth } from './build.ts';

const A = node('a', '192.0.2.1/24', { ipv6Address: '2001:db8::1/64' });
const V6_ONLY = node('v6', '', { ipv6Address: '2001:db8::6/64' });

describe('buildNodeBgp', () => {
  it('states every field, with its default', () => {
    const { v4, v6 } = build('a', [A]);
    const common = {
      asNumber: 64512,
      routerId: '192.0.2.1',
      logSeverity: 'info',
      listenAddress: null,
      listenPort: null,
      ignoredInterfaces: [],
      hidesIpipRoutes: true,
      normalRoutePriority: 1024,
      communityRules: [],
      filters: [],
      blocks: [],
      reachableRoutes: [],
      services: { statics: [], rejects: [], reflectedLoadBalancer: [], reflectedExternal: [] },
      wireguardNextHops: [],
      pools: { kernel: [], exported: [], notExported: [], origins: [] },
      peers: [],
      customFilters: [],
      origins: [resourceKey('Node', 'a')],
    };
    expect(v4).toEqual({ ...common, family: 4, address: '192.0.2.1', subnet: '192.0.2.0/24' });
    expect(v6).toEqual({ ...common, family: 6, address: '2001:db8::1', subnet: '2001:db8::/64' });
  });

  it('is nothing, with an error, where the own Node is not known', () => {
    const store = new TestStore('a', [
      node('b', '192.0.2.2'),
      pool('p', '198.51.100.0/24'),
      block('a', '198.51.100.0/26'),
    ]);
    const decoded = new ResourcesDecoder('a', new Map()).decode(store.snapshot());
    const { value, diagnostics } = buildBoth(decoded, selfFor('a'));
    expect(value).toBeNull();
    expect(diagnostics).toMatchObject([
      { severity: 'error', code: 'node-unknown', key: resourceKey('Node', 'a'), path: [] },
    ]);
  });

  it('takes the AS of the node, else of the cluster, else 64512', () => {
    const cluster = configuration('default', { asNumber: 64496 });
    const own = configuration('node.a', { asNumber: 64497 });
    expect(build('a', [A]).v4.asNumber).toBe(64512);
    expect(build('a', [A, cluster, own]).v6.asNumber).toBe(64496);
    expect(build('b', [node('b', '192.0.2.2', { asNumber: 64498 }), cluster]).v4.asNumber).toBe(64498);
  });

  it('takes log severity and listen port from the node’s own configuration, else from the cluster’s', () => {
    const cluster = configuration('default', { logSeverityScreen: 'Debug', listenPort: 1179 });
    const pick = ({ v4 }: ReturnType<typeof build>) => [v4.logSeverity, v4.listenPort];
    expect(pick(build('a', [A, cluster]))).toEqual(['debug', 1179]);
    expect(
      pick(build('a', [A, cluster, configuration('node.a', { logSeverityScreen: 'None', listenPort: 2179 })])),
    ).toEqual(['none', 2179]);
    expect(pick(build('a', [A, cluster, configuration('node.a', { listenPort: 0 })]))).toEqual(['debug', 1179]);
    expect(pick(build('a', [A, configuration('node.b', { listenPort: 2179 })]))).toEqual(['info', null]);
  });

  it('takes bind mode, interfaces and cluster routes from the cluster’s configuration alone', () => {
    const spec = { bindMode: 'NodeIP', ignoredInterfaces: ['eth1', 'eth0'], programClusterRoutes: 'Enabled' };
    const pick = ({ v4, v6 }: ReturnType<typeof build>) => [
      v4.listenAddress,
      v6.listenAddress,
      v4.ignoredInterfaces,
      v4.hidesIpipRoutes,
    ];
    expect(pick(build('a', [A, configuration('default', spec)]))).toEqual([
      '192.0.2.1',
      '2001:db8::1',
      ['eth1', 'eth0'],
      false,
    ]);
    expect(pick(build('a', [A, configuration('node.a', spec)]))).toEqual([null, null, [], true]);
    expect(pick(build('v6', [V6_ONLY, configuration('default', spec)]))).toEqual([
      null,
      '2001:db8::6',
      ['eth1', 'eth0'],
      false,
    ]);
  });

  it('has no sessions in a family without an address, but all the rest', () => {
    const entries = [
      V6_ONLY,
      A,
      peer('x', { peerIP: '203.0.113.1', asNumber: 64496 }),
      pool('p', '198.51.100.0/24'),
      block('v6', '198.51.100.0/26'),
    ];
    const { v4 } = build('v6', entries);
    expect(v4).toMatchObject({ address: null, subnet: null, peers: [], pools: { exported: ['198.51.100.0/24'] } });
    expect(v4.blocks).toHaveLength(1);
  });

  it('sorts its sessions by name, of all kinds together', () => {
    const peers = ['203.0.113.9', '203.0.113.10'].map((peerIP, i) => peer(`p${i}`, { peerIP, asNumber: 64496 }));
    const { names } = build('a', [
      A,
      node('b', '192.0.2.2'),
      peer('own', { node: 'a', peerIP: '203.0.113.1', asNumber: 1 }),
      ...peers,
    ]);
    expect(names).toEqual(['Global_203_0_113_10', 'Global_203_0_113_9', 'Mesh_192_0_2_2', 'Node_203_0_113_1']);
  });

  it('follows from the node and the configurations that it reads', () => {
    const entries = [A, configuration('default', {}), configuration('node.a', {}), configuration('node.b', {})];
    const keys = [
      resourceKey('Node', 'a'),
      resourceKey('BGPConfiguration', 'default'),
      resourceKey('BGPConfiguration', 'node.a'),
    ];
    expect(build('a', entries).v4.origins).toEqual(keys);
  });
});

describe('the release', () => {
  const named = (calicoVersion: string) =>
    [resourceKey('ClusterInformation', 'default'), JSON.stringify({ spec: { calicoVersion } })] as const;
  const priority = (
    release: { minor: number; patch: number } | null,
    ...entries: readonly (readonly [string, string])[]
  ) => {
    const { v4, diagnostics } = build('a', [A, ...entries], { release });
    return [v4.normalRoutePriority, ...diagnostics.map(({ severity, code }) => `${severity} ${code}`)];
  };

  it('is the given one, else the one that the data name', () => {
    expect(priority({ minor: 31, patch: 0 }, named('v3.33.0'))).toEqual([null]);
    expect(priority({ minor: 33, patch: 0 }, named('v3.31.7'))).toEqual([1024]);
    expect(priority(null, named('v3.31.7'))).toEqual([null]);
    expect(priority(null, named('v3.32.0'))).toEqual([1024]);
  });

  it('is the newest where none is named, with a warning that shows what was found', () => {
    for (const entries of [[], [named('')], [named('<unknown>')], [named('v3.20.0')]])
      expect(priority(null, ...entries)).toEqual([1024, 'warning release-unknown']);
    expect(build('a', [A, named('abc')], { release: null }).diagnostics[0]?.message).toContain('found "abc"');
    const [long] = build('a', [A, named('9'.repeat(10_000))], { release: null }).diagnostics;
    expect(long?.message.length).toBeLessThan(300);
  });

  it('decides who programs the pools, and whether tunnel routes are hidden', () => {
    const POOLS = [pool('i', '198.51.100.0/25', { ipipMode: 'Always' }), pool('p', '198.51.100.128/25')];
    const at = (minor: number, programClusterRoutes?: string) => {
      const { v4 } = build('a', [A, ...POOLS, configuration('default', { programClusterRoutes })], {
        release: { minor, patch: 0 },
      });
      return [...v4.pools.kernel.map(({ action }) => action), v4.hidesIpipRoutes];
    };
    expect([at(31), at(31, 'Disabled')]).toEqual([
      ['tunnel', 'accept', false],
      ['tunnel', 'accept', false],
    ]);
    expect([at(32), at(32, 'EnabledNoEncapOnly'), at(32, 'Disabled')]).toEqual([
      ['tunnel', 'accept', false],
      ['tunnel', 'accept', false],
      ['reject', 'reject', false],
    ]);
    expect([at(33), at(33, 'EnabledIPIPOnly')]).toEqual([
      ['reject', 'accept', true],
      ['tunnel', 'reject', false],
    ]);
  });

  it('decides the AS of a mesh peer without its own, and whether it is internal', () => {
    const entries = [
      node('a', '192.0.2.1', { asNumber: 64500 }),
      node('b', '192.0.2.2'),
      node('c', '192.0.2.3', { asNumber: 64501 }),
    ];
    const at = (minor: number) =>
      build('a', entries, { release: { minor, patch: 0 } }).v4.peers.map(({ asNumber, internal }) => [
        asNumber,
        internal,
      ]);
    expect(at(31)).toEqual([
      [64512, true],
      [64501, true],
    ]);
    expect(at(32)).toEqual([
      [64500, true],
      [64501, false],
    ]);
  });
});

describe('USE_POD_CIDR', () => {
  it('makes the node’s podCIDRs its blocks', () => {
    const entry = [
      resourceKey('Node', 'a'),
      JSON.stringify({
        spec: { bgp: { ipv4Address: '192.0.2.1' } },
        status: { podCIDRs: ['198.51.100.7/26', '2001:db8:1::/80'] },
      }),
    ] as const;
    const entries = [entry, block('a', '203.0.113.0/26')];
    const cidrs = (usePodCidr: boolean) => {
      const { v4, v6 } = build('a', entries, { usePodCidr });
      return [...v4.blocks, ...v6.blocks].map(({ cidr, aggregated, blackhole }) => [cidr, aggregated, blackhole]);
    };
    expect(cidrs(true)).toEqual([
      ['198.51.100.0/26', true, true],
      ['2001:db8:1::/80', true, true],
    ]);
    expect(cidrs(false)).toEqual([['203.0.113.0/26', true, true]]);
  });
});

describe('communities', () => {
  const advertised = (own: Readonly<Record<string, unknown>> | null, spec: Readonly<Record<string, unknown>>) => {
    const { v4, v6 } = build('a', [A, configuration('default', spec), ...(own ? [configuration('node.a', own)] : [])]);
    return [...v4.communityRules, ...v6.communityRules].map(({ cidr, communities }) =>
      [cidr, ...communities.map(({ parts, large }) => `${parts.join(':')}${large ? ' large' : ''}`)].join(' '),
    );
  };

  it('are told with a prefix by value or name, each once, sorted as text', () => {
    const communities = [
      { name: 'x', value: '5663:12' },
      { name: 'x', value: '1:1' },
    ];
    const named = ['x', '100:6532', '100:555:107', '100:6532', '5663:12'];
    const spec = {
      communities,
      prefixAdvertisements: [
        { cidr: '203.0.113.0/24', communities: named },
        { cidr: '2001:db8::/48', communities: ['1:2'] },
      ],
    };
    expect(advertised(null, spec)).toEqual(['203.0.113.0/24 100:555:107 large 100:6532 5663:12', '2001:db8::/48 1:2']);
  });

  it('of the node’s own configuration hide the cluster’s, for both families, also where there are none', () => {
    const spec = {
      prefixAdvertisements: [
        { cidr: '203.0.113.0/24', communities: ['1:1'] },
        { cidr: '2001:db8::/48', communities: ['1:2'] },
      ],
    };
    expect(advertised({ prefixAdvertisements: [{ cidr: '192.0.2.0/24', communities: ['9:9'] }] }, spec)).toEqual([
      '192.0.2.0/24 9:9',
    ]);
    expect(advertised({ prefixAdvertisements: [] }, spec)).toEqual([]);
    expect(advertised({ prefixAdvertisements: null }, spec)).toHaveLength(2);
  });
});

describe('the router id', () => {
  it('is what the environment says, else the IPv4 address, in both families', () => {
    const ids = ({ v4, v6, told }: ReturnType<typeof build>) => [v4.routerId, v6.routerId, ...told];
    expect(ids(build('a', [A]))).toEqual(['192.0.2.1', '192.0.2.1']);
    expect(ids(build('a', [A], { routerId: '198.51.100.1' }))).toEqual(['198.51.100.1', '198.51.100.1']);
    expect(ids(build('kube-master', [node('kube-master', '192.0.2.1')], { routerId: 'hash' }))).toEqual([
      '25.79.212.8',
      '25.79.212.8',
    ]);
  });

  it('of a node without IPv4 is made from its name, with a warning where that was not asked for', () => {
    const told = ['router-id-hashed v6 spec.bgp.ipv4Address'];
    const hashed = build('v6', [V6_ONLY], { routerId: 'hash' });
    expect(hashed.told).toEqual([]);
    expect(build('v6', [V6_ONLY])).toMatchObject({ told, v6: { routerId: hashed.v6.routerId } });
    expect(build('v6', [V6_ONLY], { routerId: '198.51.100.1' }).told).toEqual([]);
  });
});
