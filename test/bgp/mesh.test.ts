import { describe, expect, it } from 'vitest';
import { resourceKey } from '../../src/core/keys.ts';
import { configuration, node } from '../support/cluster.ts';
import { build } from './build.ts';

const A = node('a', '192.0.2.9/24', { ipv6Address: '2001:db8::9/64' });
const B = node('b', '192.0.2.10/24', { ipv6Address: '2001:db8::a/64' });

describe('the mesh', () => {
  it('is a session with every other node, in each family that both speak', () => {
    const v6Only = node('c', '', { ipv6Address: '2001:db8::c' });
    const entries = [A, B, v6Only, node('d', '192.0.2.13'), node('no-address', '')];
    expect(build('a', entries).names).toEqual([
      'Mesh_192_0_2_10',
      'Mesh_192_0_2_13',
      'Mesh_2001_db8__a',
      'Mesh_2001_db8__c',
    ]);
    expect(build('c', entries).names).toEqual(['Mesh_2001_db8__9', 'Mesh_2001_db8__a']);
    expect(build('d', entries).names).toEqual(['Mesh_192_0_2_10', 'Mesh_192_0_2_9']);
    expect(build('no-address', entries).names).toEqual([]);
  });

  it('states every field of a session', () => {
    expect(build('a', [A, B]).v4.peers).toEqual([
      {
        name: 'Mesh_192_0_2_10',
        address: '192.0.2.10',
        port: null,
        asNumber: 64512,
        sourceAddress: '192.0.2.9',
        internal: true,
        passive: false,
        rrClusterId: null,
        localAsNumber: null,
        ttlSecurityHops: null,
        gracefulRestartSeconds: null,
        keepaliveSeconds: null,
        password: null,
        nextHop: null,
        allowedLocalAsNumbers: null,
        importFilters: [],
        exportFilters: [],
        normalRoutePriority: 1024,
        origins: [resourceKey('Node', 'b')],
      },
    ]);
  });

  it('lets exactly one side wait: the one whose address is lower as text (quirk of spec 3.3)', () => {
    const passive = (self: string) => build(self, [A, B]).v4.peers.map((peer) => peer.passive);
    // "192.0.2.10" is before "192.0.2.9".
    expect([passive('a'), passive('b')]).toEqual([[false], [true]]);
    const passive6 = (self: string) => build(self, [A, B]).v6.peers.map((peer) => peer.passive);
    expect([passive6('a'), passive6('b')]).toEqual([[true], [false]]);
  });

  it('is off where the cluster says so; what a node’s own configuration says does not count', () => {
    expect(build('a', [A, B, configuration('default', { nodeToNodeMeshEnabled: false })]).names).toEqual([]);
    expect(build('a', [A, B, configuration('default', {})]).names).toHaveLength(2);
    expect(build('a', [A, B, configuration('node.a', { nodeToNodeMeshEnabled: false })]).names).toHaveLength(2);
  });

  it('leaves out route reflectors, and is not theirs', () => {
    const reflector = node('r', '192.0.2.1', { routeReflectorClusterID: '192.0.2.254' });
    expect(build('r', [A, B, reflector]).names).toEqual([]);
    expect(build('a', [A, B, reflector]).names).toEqual(['Mesh_192_0_2_10', 'Mesh_2001_db8__a']);
  });

  it('takes a neighbor’s own AS, or else this node’s, not the cluster’s (quirk of spec 3.3)', () => {
    const entries = [
      configuration('default', { asNumber: 64500 }),
      node('self', '192.0.2.1', { asNumber: 64501 }),
      node('own', '192.0.2.2', { asNumber: 64502 }),
      node('none', '192.0.2.3'),
    ];
    const sessions = build('self', entries).v4.peers.map(({ asNumber, internal }) => [asNumber, internal]);
    expect(sessions).toEqual([
      [64502, false],
      [64501, true],
    ]);
    expect(build('none', entries).v4.asNumber).toBe(64500);
  });

  it('connects to a neighbor’s own listen port, or else the cluster’s; names bear no port', () => {
    const entries = [
      A,
      B,
      configuration('default', { listenPort: 1179 }),
      configuration('node.b', { listenPort: 2179 }),
    ];
    expect(build('a', entries).v4.peers[0]).toMatchObject({ name: 'Mesh_192_0_2_10', port: 2179 });
    expect(build('b', entries).v4.peers[0]).toMatchObject({ name: 'Mesh_192_0_2_9', port: 1179 });
  });

  it('has one session for one address: this node’s own, else the first node’s by name; the others are errors', () => {
    const entries = [A, B, node('c', '192.0.2.10'), node('0', '192.0.2.10/32'), node('z', '192.0.2.9')];
    const { v4, told } = build('a', entries);
    expect(v4.peers.map(({ name, origins }) => [name, ...origins])).toEqual([
      ['Mesh_192_0_2_10', resourceKey('Node', '0')],
    ]);
    expect(told).toEqual([
      'duplicate-address b spec.bgp.ipv4Address',
      'duplicate-address c spec.bgp.ipv4Address',
      'duplicate-address z spec.bgp.ipv4Address',
    ]);
  });

  it('has a name of its own for each IPv6 address', () => {
    const addresses = ['2001:db8::1', '2001:db8:0:1::', '2001:db8::1:0', '2001:db8:1::', '::2001:db8:1'];
    const nodes = addresses.map((ipv6Address, i) => node(`n${i}`, '', { ipv6Address }));
    const { names } = build('a', [A, ...nodes]);
    expect(new Set(names).size).toBe(addresses.length);
    expect(names.every((name) => /^Mesh_[0-9a-f_]+$/.test(name))).toBe(true);
  });
});
