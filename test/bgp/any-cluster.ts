import fc from 'fast-check';
import { block, configuration, node, peer, pool } from '../support/cluster.ts';

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
  pools,
  configurations,
  blocks,
);

/** The entries of a cluster with a Node "self", valid all of them; of several with one key the last one counts. */
export const anyCluster = fc
  .array(anyEntry, { maxLength: 14 })
  .map((entries) => [...new Map([node('self', '192.0.2.1/24', { ipv6Address: '2001:db8::1/64' }), ...entries])]);
