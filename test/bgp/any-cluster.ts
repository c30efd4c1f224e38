import fc from 'fast-check';
import { kubernetesSecretKey } from '../../src/core/keys.ts';
import { block, configuration, filter, node, peer, pool } from '../support/cluster.ts';

/** A small world in which collisions are common: few names, addresses, ports and ranges. */
const name = fc.constantFrom('self', 'b', 'c', 'd');
const address4 = fc.constantFrom(
  '192.0.2.1',
  '192.0.2.2',
  '192.0.2.3',
  '192.0.2.10/24',
  '255.255.255.255',
  '224.0.0.1',
);
const address6 = fc.constantFrom('', '2001:db8::1', '2001:db8::2/64', '2001:DB8:0::a', '::1', 'ff02::1', '::7fff:1');
const as = fc.constantFrom(1, 64496, 64512, '1.5', 4294967295);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const selector = fc.constantFrom('', 'all()', 'has(rack)', "rack != 'a'");
const duration = fc.constantFrom('0s', '1ms', '7s500ms', '65535s');
const community = fc.constantFrom('0:0', '65535:65535', '4294967295:0:1');
const rule = fc.record({
  action: fc.constantFrom('Accept', 'Reject'),
  peerType: optional(fc.constantFrom('eBGP', 'iBGP')),
  source: optional(fc.constant('RemotePeers')),
  interface: optional(fc.constantFrom('eth*', 'cali+', 'vlan?.1@x:y')),
  communities: optional(fc.record({ values: fc.tuple(community) })),
  asPathPrefix: fc.array(as, { maxLength: 3 }),
  priority: optional(fc.constantFrom(1, 1024, 2147483646)),
  operations: fc.array(
    fc.oneof(
      fc.record({ addCommunity: fc.record({ value: community }) }),
      fc.record({ prependASPath: fc.record({ prefix: fc.array(as, { maxLength: 2 }) }) }),
      fc.record({ setPriority: fc.record({ value: fc.constantFrom(1, 2147483646) }) }),
    ),
    { maxLength: 3 },
  ),
});
const matching = (...cidrs: readonly string[]) =>
  fc.array(
    fc.tuple(
      rule,
      fc.record({
        cidr: fc.constantFrom('', ...cidrs),
        matchOperator: fc.constantFrom('Equal', 'NotEqual', 'In', 'NotIn'),
        prefixLength: optional(fc.constantFrom({}, { min: 0 }, { min: 25, max: 32 })),
      }),
    ),
    { maxLength: 3 },
  );
const rules4 = matching('198.51.100.0/24', '0.0.0.0/0', '203.0.113.9/25').map((all) =>
  all.map((r) => ({ ...r[0], ...r[1] })),
);
const rules6 = matching('::/0', '2001:DB8:1::/24').map((all) => all.map((r) => ({ ...r[0], ...r[1] })));
const filters = fc
  .tuple(
    fc.constantFrom('f', 'g.h'),
    fc.record({ importV4: rules4, exportV4: rules4, importV6: rules6, exportV6: rules6 }),
  )
  .map(([n, spec]) => filter(n, spec));
const ranges = fc
  .subarray(['203.0.113.0/26', '203.0.113.64/32', '2001:DB8:2::/112'])
  .map((all) => all.map((cidr) => ({ cidr })));

const nodes = fc
  .tuple(
    name,
    address4,
    fc.record({
      ipv6Address: address6,
      asNumber: optional(as),
      routeReflectorClusterID: fc.constantFrom('', '', '192.0.2.254', '192.0.2.253'),
    }),
  )
  .map(([n, address, more]) => node(n, address, more));
const peers = fc
  .tuple(
    fc.constantFrom('p', 'q', 'r', 's'),
    fc.record({
      node: optional(name),
      peerIP: fc.constantFrom(
        '192.0.2.2',
        '192.0.2.2:179',
        '192.0.2.10:1179',
        '203.0.113.1',
        '2001:db8::2',
        '[2001:db8::a]:1179',
      ),
      asNumber: as,
      sourceAddress: optional(fc.constantFrom('None', 'UseNodeIP')),
      reversePeering: optional(fc.constantFrom('Auto', 'Manual')),
      nodeSelector: optional(selector),
      peerSelector: optional(selector),
      localASNumber: optional(as),
      keepOriginalNextHop: fc.boolean(),
      nextHopMode: optional(fc.constantFrom('Auto', 'Self', 'Keep')),
      maxRestartTime: optional(duration),
      keepaliveTime: optional(duration),
      numAllowedLocalASNumbers: optional(fc.constantFrom(0, 1, 2147483647)),
      ttlSecurity: fc.constantFrom(0, 1, 255),
      reachableBy: optional(fc.constantFrom('192.0.2.254', '0.0.0.0')),
      filters: fc.subarray(['f', 'g.h', 'nowhere']),
    }),
  )
  .map(([n, spec]) => peer(n, spec));
const pools = fc
  .tuple(
    fc.constantFrom('p', 'q', 'r'),
    fc.constantFrom('198.51.100.0/24', '198.51.100.9/24', '203.0.113.0/25', '2001:db8:1::/64'),
    fc.record({
      ipipMode: fc.constantFrom('Never', 'Always', 'CrossSubnet'),
      vxlanMode: fc.constantFrom('Never', 'Never', 'Always'),
      disableBGPExport: fc.boolean(),
    }),
  )
  .map(([n, cidr, more]) => pool(n, cidr, more));
const configurations = fc
  .tuple(
    fc.constantFrom('default', 'node.self', 'node.b'),
    fc.record({
      nodeToNodeMeshEnabled: optional(fc.boolean()),
      listenPort: fc.constantFrom(0, 1179, 2179),
      programClusterRoutes: optional(fc.constantFrom('Enabled', 'Disabled')),
      bindMode: fc.constantFrom('None', 'NodeIP'),
      prefixAdvertisements: optional(
        fc.tuple(fc.record({ cidr: fc.constant('198.51.100.9/24'), communities: fc.array(community) })),
      ),
      nodeMeshMaxRestartTime: optional(duration),
      ipv4NormalRoutePriority: optional(fc.constantFrom(1, 2147483646)),
      serviceClusterIPs: ranges,
      serviceExternalIPs: ranges,
      serviceLoadBalancerIPs: ranges,
    }),
  )
  .map(([n, spec]) => configuration(n, spec));
const blocks = fc
  .tuple(
    fc.constantFrom('198.51.100.0/26', '198.51.100.64/32', '2001:db8:1::/122'),
    fc.constantFrom('', 'confirmed', 'pending', 'pendingDeletion'),
  )
  .map(([cidr, state]) => block('self', cidr, state));

/** One valid datastore entry of any kind. */
export const anyEntry = fc.oneof(
  { weight: 4, arbitrary: nodes },
  { weight: 4, arbitrary: peers },
  { weight: 3, arbitrary: filters },
  pools,
  configurations,
  blocks,
);

const password = fc.constantFrom('one', 'two').map((key) => ({ secretKeyRef: { name: 'bgp', key } }));
const guardedPeers = fc
  .tuple(
    fc.constantFrom('t', 'u'),
    fc.record({ peerIP: fc.constantFrom('203.0.113.7', '192.0.2.3', '2001:db8::7'), asNumber: as, password }),
  )
  .map(([n, spec]) => peer(n, spec));
const guardedMesh = password.map((nodeMeshPassword) => configuration('default', { nodeMeshPassword }));
const secrets = fc
  .record({ one: fc.constantFrom('x', 'y', '"'), two: optional(fc.constant('z')) })
  .map((stringData) => [kubernetesSecretKey('kube-system', 'bgp'), JSON.stringify({ stringData })] as const);

/** The same, or something that is about passwords. */
export const anyGuardedEntry = fc.oneof({ weight: 6, arbitrary: anyEntry }, guardedPeers, guardedMesh, secrets);

const SELF = node('self', '192.0.2.1/24', { ipv6Address: '2001:db8::1/64' });
const clusterOf = (entry: typeof anyGuardedEntry) =>
  fc.array(entry, { maxLength: 14 }).map((entries) => [...new Map([SELF, ...entries])]);

/** The entries of a cluster with a Node "self", valid all of them; of several with one key the last one counts. */
export const anyCluster = clusterOf(anyEntry);

/** The same with passwords, some of which are missing. */
export const anyGuardedCluster = clusterOf(anyGuardedEntry);
