import { describe, expect, it } from 'vitest';
import { resourceKey, STATUS_FILES } from '../../src/core/keys.ts';
import { configuration, peer } from '../support/cluster.ts';
import { build } from './build.ts';

const NO_MESH = configuration('default', { nodeToNodeMeshEnabled: false });
const labelled = (name: string, i: number, labels: object, bgp: object = {}, more: object = {}) =>
  [
    resourceKey('Node', name),
    JSON.stringify({
      metadata: { labels },
      spec: { bgp: { ipv4Address: `192.0.2.${i}/24`, ipv6Address: `2001:db8::${i}/64`, ...bgp }, ...more },
    }),
  ] as const;
const A = labelled('a', 1, { rack: 'x' });
const B = labelled('b', 2, { rack: 'x' });
const C = labelled('c', 3, { rack: 'y' }, { routeReflectorClusterID: '192.0.2.254', ipv6Address: '' });
const on = (self: string, ...entries: readonly (readonly [string, string])[]) =>
  build(self, [NO_MESH, A, B, C, ...entries]);
const status = (file: string, value: object) => [`${STATUS_FILES}${file}`, JSON.stringify(value)] as const;

describe('selectors', () => {
  it('say which nodes a BGPPeer is for, also where it names one', () => {
    const x = peer('x', { node: 'c', nodeSelector: "rack == 'x'", peerIP: '203.0.113.1', asNumber: 64496 });
    expect(['a', 'b', 'c'].map((self) => on(self, x).names)).toEqual([['Node_203_0_113_1'], ['Node_203_0_113_1'], []]);
  });

  it('say which nodes are the neighbors, in each family that they have, but never this one', () => {
    const all = peer('all', { peerSelector: 'has(rack)' });
    expect(on('a', all).names).toEqual(['Global_192_0_2_2', 'Global_192_0_2_3', 'Global_2001_db8__2']);
    expect(
      on('a', peer('x', { node: 'a', peerSelector: "rack == 'y'", peerIP: '203.0.113.1', asNumber: 1 })).names,
    ).toEqual(['Node_192_0_2_3']);
  });

  it('bring sessions back, to the nodes that they are for, unless that is left to the operator', () => {
    const spec = { nodeSelector: "rack == 'x'", peerSelector: "rack == 'y'" };
    expect(on('c', peer('x', spec)).names).toEqual(['Node_192_0_2_1', 'Node_192_0_2_2']);
    expect(on('c', peer('x', { ...spec, reversePeering: 'Manual' })).names).toEqual([]);
    expect(on('a', peer('x', { ...spec, reversePeering: 'Manual' })).names).toEqual(['Node_192_0_2_3']);
  });

  it('make clients of a reflector’s neighbors, but not of another reflector in its cluster', () => {
    const twin = labelled('d', 4, {}, { routeReflectorClusterID: '192.0.2.254' });
    const { v4 } = on('c', twin, peer('x', { peerSelector: 'all()' }));
    expect(v4.peers.map(({ name, rrClusterId }) => [name, rrClusterId])).toEqual([
      ['Global_192_0_2_1', '192.0.2.254'],
      ['Global_192_0_2_2', '192.0.2.254'],
      ['Global_192_0_2_4', null],
    ]);
  });

  it('do not decide who waits, and set no AS of this side', () => {
    const x = peer('x', { peerSelector: 'all()', localASNumber: 64500, numAllowedLocalASNumbers: 1 });
    expect(on('a', x).v4.peers[0]).toMatchObject({ passive: false, localAsNumber: null, allowedLocalAsNumbers: null });
  });
});

describe('of several wishes for one neighbor', () => {
  const byAddress = (name: string, more: object = {}) => peer(name, { peerIP: '192.0.2.3', asNumber: 64512, ...more });

  it('a global one is granted before this node’s own, and forward before reverse', () => {
    const entries = [byAddress('own', { nodeSelector: 'all()' }), byAddress('z-global')];
    expect(on('a', ...entries)).toMatchObject({ names: ['Global_192_0_2_3'], told: [] });
    const back = peer('a-back', { node: 'c', peerIP: '192.0.2.1', asNumber: 64512, keepaliveTime: '9s' });
    const [session] = on('a', back, byAddress('own', { node: 'a', keepaliveTime: '5s' })).v4.peers;
    expect(session).toMatchObject({ name: 'Node_192_0_2_3', keepaliveSeconds: 5 });
  });

  it('the first by name is granted within a pass, and each loser named by the field that asks', () => {
    const entries = [peer('b', { peerSelector: "rack == 'y'" }), byAddress('a'), byAddress('c')];
    const { v4, told } = on('a', ...entries);
    expect(v4.peers.map(({ origins }) => origins)).toEqual([[resourceKey('BGPPeer', 'a')]]);
    expect(told).toEqual(['duplicate-peer b spec.peerSelector', 'duplicate-peer c spec.peerIP']);
  });
});

describe('options of a BGPPeer', () => {
  const session = (more: object, asNumber = 64496) =>
    on('a', peer('x', { peerIP: '203.0.113.1', asNumber, ...more })).v4.peers[0];

  it('set the next hop: a mode alone decides, else keepOriginalNextHop for external neighbors', () => {
    expect(session({})?.nextHop).toBeNull();
    expect(session({ keepOriginalNextHop: true })?.nextHop).toBe('keep');
    expect(session({ keepOriginalNextHop: true }, 64512)?.nextHop).toBeNull();
    expect(session({ keepOriginalNextHop: true, nextHopMode: 'Auto' })?.nextHop).toBeNull();
    expect(session({ keepOriginalNextHop: true, nextHopMode: 'Self' })?.nextHop).toBe('self');
    expect(session({ nextHopMode: 'Keep' }, 64512)?.nextHop).toBe('keep');
  });

  it('set the AS of this side, by which the neighbor is internal', () => {
    expect(session({ localASNumber: 64496 })).toMatchObject({ localAsNumber: 64496, internal: true });
    expect(session({ localASNumber: 64500 }, 64512)).toMatchObject({ localAsNumber: 64500, internal: false });
    expect(session({ localASNumber: 0 })).toMatchObject({ localAsNumber: null, internal: false });
  });

  it('set timers, hops and the own AS in paths; nothing where they are 0', () => {
    const all = { maxRestartTime: '2m', keepaliveTime: '10s', ttlSecurity: 2, numAllowedLocalASNumbers: 3 };
    const set = { gracefulRestartSeconds: 120, keepaliveSeconds: 10, ttlSecurityHops: 2, allowedLocalAsNumbers: 3 };
    expect(session(all)).toMatchObject(set);
    expect(session({ ttlSecurity: 0, numAllowedLocalASNumbers: 0 })).toMatchObject({
      ttlSecurityHops: null,
      allowedLocalAsNumbers: null,
    });
  });
});

describe('reachableBy', () => {
  const via = (name: string, peerIP: string, reachableBy: string, more: object = {}) =>
    peer(name, { peerIP, asNumber: 64496, reachableBy, ...more });

  it('is a route to the neighbor, global ones first, each list by address', () => {
    const { v4, v6 } = on(
      'a',
      via('own', '203.0.113.1', '192.0.2.254', { node: 'a' }),
      via('two', '203.0.113.3', '192.0.2.253'),
      via('one', '203.0.113.2:1179', '192.0.2.254'),
      via('six', '2001:db8:1::1', '2001:db8::ff'),
      via('others', '203.0.113.9', '192.0.2.254', { node: 'b' }),
    );
    const routes = v4.reachableRoutes.map(({ cidr, gateway }) => `${cidr} ${gateway}`);
    expect(routes).toEqual(['203.0.113.2/32 192.0.2.254', '203.0.113.3/32 192.0.2.253', '203.0.113.1/32 192.0.2.254']);
    expect(v6.reachableRoutes).toEqual([
      { cidr: '2001:db8:1::1/128', gateway: '2001:db8::ff', origins: [resourceKey('BGPPeer', 'six')] },
    ]);
  });

  it('of the other family leaves the session out, with an error', () => {
    const { names, v4, v6, told } = on('a', via('x', '203.0.113.1', '2001:db8::ff'));
    expect([names, v4.reachableRoutes, v6.reachableRoutes]).toEqual([[], [], []]);
    expect(told).toEqual(['invalid-value x spec.reachableBy']);
  });
});

describe('local workloads', () => {
  const W = peer('w', {
    localWorkloadSelector: 'x',
    asNumber: 64496,
    localASNumber: 64500,
    ttlSecurity: 1,
    keepaliveTime: '9s',
  });

  it('have passive sessions in each family that they have an address in, with few options', () => {
    const { v4, names } = on(
      'a',
      W,
      status('1', { ipv4Nets: ['198.51.100.1/32', 'x'], ipv6Nets: ['2001:db8:5::1'], bgpPeerName: 'w' }),
    );
    expect(names).toEqual(['Local_Workload_198_51_100_1', 'Local_Workload_2001_db8_5__1']);
    expect(v4.peers[0]).toMatchObject({
      passive: true,
      sourceAddress: null,
      localAsNumber: 64500,
      ttlSecurityHops: null,
      keepaliveSeconds: null,
      origins: [resourceKey('BGPPeer', 'w'), 'status:/1'],
    });
  });

  it('without a session are told: no such BGPPeer, no AS, no address', () => {
    const nets = { ipv4Nets: ['198.51.100.1/32'] };
    expect(on('a', W, status('1', { ...nets, bgpPeerName: 'x' })).told).toEqual(['unknown-peer 1 bgpPeerName']);
    expect(on('a', W, status('1', nets))).toMatchObject({ names: [], told: [] });
    expect(on('a', peer('w', { localWorkloadSelector: 'x' })).told).toEqual(['missing-value w spec.asNumber']);
    for (const net of ['198.51.100.300', '0.0.0.0/0', '2001:db8::1', ''])
      expect(on('a', W, status('1', { ipv4Nets: [net], bgpPeerName: 'w' }))).toMatchObject({
        names: [],
        told: ['invalid-value 1 ipv4Nets.0'],
      });
  });

  it('may lie in files of any name', () => {
    const { v4 } = on('a', W, status('k8s a%2fb "x"\n', { ipv4Nets: ['198.51.100.1'], bgpPeerName: 'w' }));
    expect(v4.peers[0]?.origins[1]).toBe('status:/k8s_a_2fb__x__');
  });
});

describe('WireGuard', () => {
  const tunnel = (address: string) => ({ wireguard: { interfaceIPv4Address: address } });
  const [D, E, F] = [4, 10, 5].map((i) => labelled(`n${i}`, i, {}, {}, i === 5 ? {} : tunnel(`198.51.100.${i}`))) as [
    typeof A,
    typeof A,
    typeof A,
  ];
  const self = labelled('a', 1, {}, {}, tunnel('198.51.100.1'));

  it('keeps routes over its other nodes out of the kernel from 3.33 on, in its families, by text', () => {
    const at = (minor: number, own = self) => build('a', [own, D, E, F], { release: { minor, patch: 0 } });
    const sameAsD = labelled('n3', 4, {}, {}, tunnel('198.51.100.3'));
    const noAddress = [resourceKey('Node', 'n0'), JSON.stringify({ spec: tunnel('198.51.100.9') })] as const;
    const more = build('a', [self, E, sameAsD, D, noAddress], { release: { minor: 33, patch: 0 } });
    expect(more.v4.wireguardNextHops).toEqual(['192.0.2.10', '192.0.2.4']);
    expect([at(33).v4.wireguardNextHops, at(33).v6.wireguardNextHops]).toEqual([['192.0.2.10', '192.0.2.4'], []]);
    expect(at(32).v4.wireguardNextHops).toEqual([]);
    expect(at(33, A).v4.wireguardNextHops).toEqual([]);
  });
});
