import { describe, expect, it } from 'vitest';
import { resourceKey } from '../../src/core/keys.ts';
import { configuration, node, pool } from '../support/cluster.ts';
import { build } from './build.ts';

const A = node('a', '192.0.2.1/24', { ipv6Address: '2001:db8::1/64' });
const POOLS = [
  pool('always', '198.51.100.0/26', { ipipMode: 'Always' }),
  pool('cross', '198.51.100.64/26', { ipipMode: 'CrossSubnet' }),
  pool('plain', '203.0.113.0/26'),
  pool('vxlan', '203.0.113.64/26', { vxlanMode: 'CrossSubnet' }),
];
const POOLS6 = [pool('plain6', '2001:db8:1::/64'), pool('vxlan6', '2001:db8:2::/64', { vxlanMode: 'Always' })];
const routes = (programClusterRoutes: string) => configuration('default', { programClusterRoutes });

describe('the kernel rules of pools', () => {
  // IPIP always, IPIP across subnets, none, VXLAN (spec 7.3).
  it.each([
    ['Enabled', true, ['tunnel', 'tunnel-across-subnets', 'accept', 'reject']],
    ['Disabled', true, ['reject', 'reject', 'reject', 'reject']],
    ['EnabledIPIPOnly', true, ['tunnel', 'tunnel-across-subnets', 'reject', 'reject']],
    ['EnabledNoEncapOnly', true, ['reject', 'reject', 'accept', 'reject']],
    ['', true, ['reject', 'reject', 'accept', 'reject']],
    ['Enabled', false, ['reject', 'reject', 'accept', 'reject']],
    ['EnabledIPIPOnly', false, ['reject', 'reject', 'reject', 'reject']],
  ])('with %s, and krt_tunnel in the local BIRD %s, are %j', (policy, kernelTunnel, actions) => {
    const { v4, told } = build('a', [A, ...POOLS, routes(policy)], { kernelTunnel });
    expect(v4.pools.kernel.map(({ action }) => action)).toEqual(actions);
    expect(v4.hidesIpipRoutes).toBe(!actions.includes('tunnel'));
    const left =
      !kernelTunnel && policy.startsWith('Enabled') ? ['no-kernel-tunnel default spec.programClusterRoutes'] : [];
    expect(told).toEqual(left);
  });

  it('without a BGPConfiguration are those of EnabledNoEncapOnly, and no warning', () => {
    const { v4, told } = build('a', [A, ...POOLS], { kernelTunnel: false });
    expect(v4.pools.kernel.map(({ action }) => action)).toEqual(['reject', 'reject', 'accept', 'reject']);
    expect(told).toEqual([]);
  });

  it('are only the rejects in IPv6, with or without an address', () => {
    const rejects = [{ cidr: '2001:db8:2::/64', action: 'reject', device: 'tunl0' }];
    expect(build('a', [A, ...POOLS6]).v6.pools.kernel).toEqual(rejects);
    expect(build('b', [node('b', '192.0.2.2'), ...POOLS6]).v6.pools.kernel).toEqual(rejects);
    const all = [...rejects, { ...rejects[0], cidr: '2001:db8:1::/64' }].reverse();
    expect(build('a', [A, ...POOLS6, routes('Disabled')]).v6.pools.kernel).toEqual(all);
  });

  it('are none in IPv4 on a node without a subnet, but the export rules are all there (quirk of spec 7.3)', () => {
    const { v4 } = build('b', [node('b', '', { ipv6Address: '2001:db8::2' }), ...POOLS]);
    expect(v4.pools.kernel).toEqual([]);
    expect(v4.pools.exported).toHaveLength(4);
  });
});

describe('pools', () => {
  it('are exported or not, in the order of their ranges’ text, whatever the kernel does', () => {
    const pools = ['203.0.113.0/24', '198.51.100.16/28', '198.51.100.128/25', '2001:db8:1::/64'].map((cidr, i) =>
      pool(`p${i}`, cidr, { disableBGPExport: i === 0, vxlanMode: 'Always' }),
    );
    const { v4, v6 } = build('a', [A, ...pools]);
    expect([v4.pools.exported, v4.pools.notExported]).toEqual([
      ['198.51.100.128/25', '198.51.100.16/28'],
      ['203.0.113.0/24'],
    ]);
    expect([v6.pools.exported, v6.pools.notExported]).toEqual([['2001:db8:1::/64'], []]);
    expect(v4.pools.kernel.map(({ cidr }) => cidr)).toEqual([
      '198.51.100.128/25',
      '198.51.100.16/28',
      '203.0.113.0/24',
    ]);
  });

  it('of one range, once masked: the first by name counts, and the others are named', () => {
    const pools = [
      pool('b', '198.51.100.0/24', { disableBGPExport: true }),
      pool('a', '198.51.100.7/24'),
      pool('c', '198.51.100.0/25'),
    ];
    const { v4, told } = build('a', [A, ...pools]);
    expect([v4.pools.exported, v4.pools.notExported]).toEqual([['198.51.100.0/24', '198.51.100.0/25'], []]);
    expect(v4.pools.origins).toEqual([resourceKey('IPPool', 'a'), resourceKey('IPPool', 'c')]);
    expect(told).toEqual(['duplicate-pool b spec.cidr']);
  });
});
