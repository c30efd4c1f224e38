import { describe, expect, it } from 'vitest';
import { resourceKey } from '../../src/core/keys.ts';
import { configuration, node, peer } from '../support/cluster.ts';
import { build, type Entries } from './build.ts';

const NO_MESH = configuration('default', { nodeToNodeMeshEnabled: false });
const [A, B, C] = ['a', 'b', 'c'].map((name, i) =>
  node(name, `192.0.2.${i + 1}/24`, { ipv6Address: `2001:db8::${i + 1}/64` }),
) as [ReturnType<typeof node>, ReturnType<typeof node>, ReturnType<typeof node>];
const CLUSTER = [NO_MESH, A, B, C];
const on = (self: string, ...entries: readonly (readonly [string, string])[]) => build(self, [...CLUSTER, ...entries]);
const named = (self: string, entries: Entries) => build(self, entries).names;

describe('a BGPPeer by address', () => {
  it('is a session of every node, or of the one that it names', () => {
    const entries = [
      peer('x', { peerIP: '203.0.113.1', asNumber: 64496 }),
      peer('y', { node: 'b', peerIP: '2001:db8:1::1', asNumber: 64496 }),
    ];
    expect(on('a', ...entries).names).toEqual(['Global_203_0_113_1']);
    expect(on('b', ...entries).names).toEqual(['Global_203_0_113_1', 'Node_2001_db8_1__1']);
  });

  it('states every field of the session', () => {
    const x = peer('x', { peerIP: '203.0.113.1:1179', asNumber: '64496', sourceAddress: 'None' });
    expect(on('a', x).v4.peers).toEqual([
      {
        name: 'Global_203_0_113_1_port_1179',
        address: '203.0.113.1',
        port: 1179,
        asNumber: 64496,
        localAsNumber: null,
        sourceAddress: null,
        ttlSecurityHops: null,
        internal: false,
        passive: false,
        gracefulRestartSeconds: null,
        keepaliveSeconds: null,
        rrClusterId: null,
        password: null,
        nextHop: null,
        allowedLocalAsNumbers: null,
        importFilters: [],
        exportFilters: [],
        normalRoutePriority: 1024,
        origins: [resourceKey('BGPPeer', 'x')],
      },
    ]);
  });

  it('has its port in its name, also the usual one (spec 3.4)', () => {
    const session = (peerIP: string) => on('a', peer('x', { peerIP, asNumber: 64496 })).names;
    expect(session('203.0.113.1')).toEqual(['Global_203_0_113_1']);
    expect(session('203.0.113.1:0')).toEqual(['Global_203_0_113_1']);
    expect(session('203.0.113.1:179')).toEqual(['Global_203_0_113_1_port_179']);
    expect(session('[2001:db8:1::1]:1179')).toEqual(['Global_2001_db8_1__1_port_1179']);
  });

  it('is no session with this node’s own address, but its nodes’', () => {
    const x = peer('x', { peerIP: '192.0.2.1', asNumber: 64512, reversePeering: 'Manual' });
    expect(on('a', x).names).toEqual([]);
    expect(on('b', x).names).toEqual(['Global_192_0_2_1']);
  });

  it('is named where it lacks an address or an AS, and asks for nothing, not even in reverse', () => {
    const { names, told } = on(
      'a',
      peer('x', { asNumber: 64496 }),
      peer('y', { peerIP: '203.0.113.1' }),
      peer('z', { peerIP: '192.0.2.1', asNumber: 0 }),
    );
    expect(names).toEqual([]);
    expect(told).toEqual([
      'missing-value x spec.peerIP',
      'missing-value y spec.asNumber',
      'missing-value z spec.asNumber',
    ]);
  });

  it('takes over the listen port of the node that it means: address, AS and all', () => {
    const port = configuration('node.b', { listenPort: 2179 });
    const session = (asNumber: number, peerIP = '192.0.2.2') =>
      on('a', port, peer('x', { node: 'a', peerIP, asNumber })).v4.peers[0];
    expect(session(64512)).toMatchObject({ name: 'Node_192_0_2_2_port_2179', port: 2179 });
    expect(session(64500)).toMatchObject({ name: 'Node_192_0_2_2', port: null });
    expect(session(64512, '192.0.2.2:179')).toMatchObject({ port: 179 });
  });

  it('waits for a node with a higher address, as text, where it is global and typed as it is printed (quirk of spec 9.10)', () => {
    const passive = (self: string, peerIP: string, more: Readonly<Record<string, unknown>> = {}) =>
      [
        ...on(self, peer('x', { peerIP, asNumber: 64512, reversePeering: 'Manual', ...more })).v4.peers,
        ...on(self, peer('x', { peerIP, asNumber: 64512, reversePeering: 'Manual', ...more })).v6.peers,
      ].map((p) => p.passive);
    expect(passive('a', '192.0.2.2')).toEqual([true]);
    expect(passive('c', '192.0.2.2')).toEqual([false]);
    expect(passive('a', '192.0.2.2', { node: 'a' })).toEqual([false]);
    expect(passive('a', '192.0.2.77')).toEqual([false]);
    expect(passive('a', '2001:db8::2')).toEqual([true]);
    expect(passive('a', '2001:DB8::2')).toEqual([false]);
  });
});

describe('reverse peering', () => {
  it('gives the node that is meant a session back to every node, or to the one that the BGPPeer is for', () => {
    expect(on('a', peer('x', { peerIP: '192.0.2.1', asNumber: 64512 })).names).toEqual([
      'Node_192_0_2_2',
      'Node_192_0_2_3',
    ]);
    expect(on('a', peer('x', { node: 'c', peerIP: '2001:db8::1', asNumber: 64512 })).names).toEqual([
      'Node_2001_db8__3',
    ]);
    expect(on('a', peer('x', { peerIP: '192.0.2.1', asNumber: 64500 })).names).toEqual([]);
    expect(on('a', peer('x', { peerIP: '192.0.2.1', asNumber: 64512, reversePeering: 'Manual' })).names).toEqual([]);
  });

  it('follows from the BGPPeer and the node, and speaks the node’s AS and port', () => {
    const more = [node('b', '192.0.2.2', { asNumber: 64502 }), configuration('node.b', { listenPort: 2179 })];
    const back = on('a', ...more, peer('x', { node: 'b', peerIP: '192.0.2.1', asNumber: 64512, sourceAddress: 'None' }))
      .v4.peers;
    expect(back).toMatchObject([
      {
        name: 'Node_192_0_2_2_port_2179',
        port: 2179,
        asNumber: 64502,
        internal: false,
        passive: false,
        sourceAddress: null,
        origins: [resourceKey('BGPPeer', 'x'), resourceKey('Node', 'b')],
      },
    ]);
  });

  it('means nodes that listen on the port, if one is given; the cluster’s other port refuses all (quirk of spec 9.8)', () => {
    const back = (peerIP: string, ...ports: readonly (readonly [string, string])[]) =>
      named('a', [A, B, ...ports, peer('x', { node: 'b', peerIP, asNumber: 64512 })]).filter((name) =>
        name.startsWith('Node'),
      );
    const own = configuration('node.a', { listenPort: 2179 });
    const common = (listenPort: number) => configuration('default', { listenPort, nodeToNodeMeshEnabled: false });
    expect(back('192.0.2.1:2179', own)).toEqual(['Node_192_0_2_2']);
    expect(back('192.0.2.1:1179', own)).toEqual([]);
    expect(back('192.0.2.1:1179', common(1179))).toEqual(['Node_192_0_2_2_port_1179']);
    expect(back('192.0.2.1:2179', common(1179))).toEqual([]);
    expect(back('192.0.2.1:2179', own, common(1179))).toEqual([]);
    expect(back('192.0.2.1:2179')).toEqual(['Node_192_0_2_2']);
  });
});

describe('of several BGPPeers for one neighbor', () => {
  const x = (name: string, more: Readonly<Record<string, unknown>> = {}) =>
    peer(name, { peerIP: '203.0.113.1', asNumber: 64496, ...more });

  it('the first by name is granted, and the others are named', () => {
    const { v4, told } = on(
      'a',
      x('2', { asNumber: 64502 }),
      x('10', { asNumber: 64510 }),
      x('3', { peerIP: '203.0.113.1:179' }),
    );
    expect(v4.peers.map(({ name, asNumber }) => [name, asNumber])).toEqual([['Global_203_0_113_1', 64510]]);
    expect(told).toEqual(['duplicate-peer 2 spec.peerIP', 'duplicate-peer 3 spec.peerIP']);
  });

  it('a global one is granted before a node’s own, without a word', () => {
    const { names, told } = on('a', x('a', { node: 'a' }), x('b'));
    expect([names, told]).toEqual([['Global_203_0_113_1'], []]);
  });

  it('another port is another neighbor', () => {
    expect(on('a', x('a'), x('b', { peerIP: '203.0.113.1:1179' })).names).toHaveLength(2);
  });

  it('a forward one is granted before a reverse one', () => {
    const forward = peer('z', {
      node: 'a',
      peerIP: '192.0.2.2',
      asNumber: 64512,
      sourceAddress: 'None',
      reversePeering: 'Manual',
    });
    const reverse = peer('x', { node: 'b', peerIP: '192.0.2.1', asNumber: 64512 });
    expect(on('a', forward, reverse).v4.peers).toMatchObject([{ name: 'Node_192_0_2_2', sourceAddress: null }]);
    expect(on('a', forward, reverse).told).toEqual([]);
  });

  it('the mesh has its session all the same (spec 3.3)', () => {
    const entries = [A, B, peer('x', { peerIP: '192.0.2.2', asNumber: 64512 })];
    expect(named('a', entries).filter((name) => name.endsWith('192_0_2_2'))).toEqual([
      'Global_192_0_2_2',
      'Mesh_192_0_2_2',
    ]);
  });
});

describe('a route reflector', () => {
  const id = (routeReflectorClusterID: string) => ({ routeReflectorClusterID });
  const R1 = node('a', '192.0.2.1', id('192.0.2.254'));
  const clients = (self: string, entries: Entries) =>
    build(self, entries).v4.peers.map(({ name, rrClusterId }) => [name, rrClusterId]);

  it('has internal neighbors for clients, but not the reflectors of its own cluster', () => {
    const others = [
      node('b', '192.0.2.2', id('192.0.2.254')),
      node('c', '192.0.2.3', id('192.0.2.253')),
      node('d', '192.0.2.4'),
      node('e', '192.0.2.5', { asNumber: 64500 }),
    ];
    expect(clients('a', [R1, ...others, peer('x', { peerIP: '192.0.2.1', asNumber: 64512 })])).toEqual([
      ['Node_192_0_2_2', null],
      ['Node_192_0_2_3', '192.0.2.254'],
      ['Node_192_0_2_4', '192.0.2.254'],
      ['Node_192_0_2_5', null],
    ]);
  });

  it('takes a neighbor by address for a client, whatever its cluster (quirk of spec 9.5); no one else has clients', () => {
    const entries = [
      R1,
      node('b', '192.0.2.2', id('192.0.2.254')),
      node('d', '192.0.2.4'),
      peer('x', { peerIP: '192.0.2.2', asNumber: 64512, reversePeering: 'Manual' }),
    ];
    expect(clients('a', entries)).toEqual([['Global_192_0_2_2', '192.0.2.254']]);
    expect(clients('d', entries)).toEqual([['Global_192_0_2_2', null]]);
  });
});
