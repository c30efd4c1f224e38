import { describe, expect, it } from 'vitest';
import { buildV1NodeBgp, type V1Self } from '../../src/bgp/v1-node-bgp.ts';
import { parseIp } from '../../src/core/ip-address.ts';
import type { OwnAddresses } from '../../src/datamodel/v1/nodes.ts';
import { V1ResourcesDecoder } from '../../src/datamodel/v1/resources.ts';
import { TestStore } from '../datamodel/snapshot.ts';

const GLOBAL = '/calico/bgp/v1/global/';
const HOSTS = '/calico/bgp/v1/host/';
const SELF: V1Self = { nodeName: 'node-1', routerId: null, kernelTunnel: true, allowCustomFilters: false };
const NO_ADDRESSES: OwnAddresses['addresses'] = { 4: null, 6: null };

const address = (node: string, ip: string) => [`${HOSTS}${node}/ip_addr_v4`, ip] as const;
const peer = (folder: string, ip: string, as = '64496') =>
  [`${folder}/${ip}`, JSON.stringify({ ip, as_num: as })] as const;

/** Builds again and again from one store, as a running service does. */
function service(entries: Iterable<readonly [string, string]>, self: Partial<V1Self> = {}, addresses = NO_ADDRESSES) {
  const store = new TestStore('node-1', entries);
  const decoder = new V1ResourcesDecoder({ nodeName: 'node-1', addresses }, new Map());
  const build = () => {
    const decoded = decoder.decode(store.snapshot());
    const { value, diagnostics } = buildV1NodeBgp(decoded, { ...SELF, ...self });
    const v4 = value?.family(4, null) ?? expect.fail('the own node is unknown');
    const all = [...decoded.diagnostics, ...diagnostics, ...v4.diagnostics];
    return { v4: v4.value, told: all.map(({ code, key }) => `${code} ${key}`) };
  };
  return { store, build };
}

describe('the sessions of the v1 layout', () => {
  it('stand in v0.22’s order: the mesh by node name, then those of all nodes, then those of this one', () => {
    const { v4 } = service([
      peer(`${HOSTS}node-1/peer_v4`, '203.0.113.1'),
      peer(`${GLOBAL}peer_v4`, '203.0.113.9'),
      peer(`${GLOBAL}peer_v4`, '203.0.113.10'),
      address('node-2', '192.0.2.2'),
      address('node-10', '192.0.2.10'),
      address('a.example.com', '192.0.2.9'),
      address('node-1', '192.0.2.1'),
      peer(`${HOSTS}node-2/peer_v4`, '203.0.113.2'),
    ]).build();
    expect(v4.peers.map(({ name }) => name)).toEqual([
      'Mesh_192_0_2_9',
      'Mesh_192_0_2_10',
      'Mesh_192_0_2_2',
      'Global_203_0_113_10',
      'Global_203_0_113_9',
      'Node_203_0_113_1',
    ]);
  });

  it('stay the same objects while their keys do', () => {
    const { store, build } = service([
      address('node-1', '192.0.2.1'),
      address('node-2', '192.0.2.2'),
      address('node-3', '192.0.2.3'),
      peer(`${GLOBAL}peer_v4`, '203.0.113.9'),
    ]);
    const before = build().v4.peers;
    store.put(...address('node-3', '192.0.2.33'));
    store.put(`${HOSTS}node-4/ip_addr_v4`, '192.0.2.4');
    const after = build().v4.peers;
    expect(after.map((each) => before.includes(each))).toEqual([true, false, false, true]);
    store.put(`${GLOBAL}as_num`, '64500');
    expect(
      build()
        .v4.peers.filter((each) => after.includes(each))
        .map(({ name }) => name),
    ).toEqual(['Global_203_0_113_9']);
  });

  it('know the own node by its name and not by its address', () => {
    const addresses = { 4: parseIp('192.0.2.101'), 6: null };
    const entries = [
      address('node-1', '192.0.2.1'),
      address('old-name', '192.0.2.101'),
      address('node-2', '192.0.2.2'),
    ];
    const { v4, told } = service(entries, {}, addresses).build();
    expect([v4.address, v4.routerId]).toEqual(['192.0.2.101', '192.0.2.101']);
    expect(v4.peers.map(({ address: neighbor }) => neighbor)).toEqual(['192.0.2.2']);
    expect(told).toEqual([`duplicate-address ${HOSTS}old-name/ip_addr_v4`]);
  });

  it.each([
    ['none, and no networks', [], 64511],
    ['none, where some node has a network', [[`${HOSTS}node-2/network_v4`, '192.0.2.0/24']], 64512],
    ['the cluster’s', [[`${GLOBAL}as_num`, '64500']], 64500],
    [
      'the node’s',
      [
        [`${GLOBAL}as_num`, '64500'],
        [`${HOSTS}node-1/as_num`, '64501'],
      ],
      64501,
    ],
  ] as const)('are opened under the AS that is given: %s', (_, more, asNumber) => {
    expect(service([address('node-1', '192.0.2.1'), ...more]).build().v4.asNumber).toBe(asNumber);
  });

  it.each([
    [{ routerId: '203.0.113.200' }, '203.0.113.200', []],
    [{ routerId: 'hash' }, expect.not.stringMatching('192.0.2'), []],
    [{ routerId: null }, '192.0.2.1', []],
  ])('have the router id that %j says', (self, routerId, told) => {
    const built = service([address('node-1', '192.0.2.1')], self).build();
    expect([built.v4.routerId, built.told]).toEqual([routerId, told]);
  });
});

describe('the pools of the v1 layout', () => {
  const pool = (name: string, value: object) => [`/calico/v1/ipam/v4/pool/${name}`, JSON.stringify(value)] as const;
  const POOLS = [
    address('node-1', '192.0.2.1'),
    pool('9.0.0.0-8', { cidr: '9.0.0.0/8' }),
    pool('10.0.0.0-8', { cidr: '10.0.0.0/8', ipip: 'tunl0', ipip_mode: 'cross-subnet' }),
    pool('172.16.0.0-12', { cidr: '10.99.0.0/16', ipip: 'mytun' }),
  ];

  it('are all told to the neighbors in the order of their keys, by the range in the value', () => {
    expect(service(POOLS).build().v4.pools.exported).toEqual(['10.0.0.0/8', '10.99.0.0/16', '9.0.0.0/8']);
  });

  it('go into their tunnel: across subnets only where the node’s network is known', () => {
    const actions = (built: ReturnType<ReturnType<typeof service>['build']>) =>
      built.v4.pools.kernel.map(({ cidr, action, device }) => [cidr, action, device]);
    const unknown = service(POOLS).build();
    expect(actions(unknown)).toEqual([
      ['10.0.0.0/8', 'tunnel', 'tunl0'],
      ['10.99.0.0/16', 'tunnel', 'mytun'],
    ]);
    expect(unknown.told).toEqual([`subnet-unknown ${HOSTS}node-1/network_v4`]);
    const known = service([...POOLS, [`${HOSTS}node-1/network_v4`, '192.0.2.0/24']]).build();
    expect(actions(known)[0]).toEqual(['10.0.0.0/8', 'tunnel-across-subnets', 'tunl0']);
    expect([known.v4.subnet, known.told]).toEqual(['192.0.2.0/24', []]);
  });

  it('are left without a tunnel by a BIRD that knows none, which is told once', () => {
    const { v4, told } = service(POOLS, { kernelTunnel: false }).build();
    expect(v4.pools.kernel).toEqual([]);
    expect(told).toEqual(['no-kernel-tunnel /calico/v1/ipam/v4/pool/10.0.0.0-8']);
  });
});
