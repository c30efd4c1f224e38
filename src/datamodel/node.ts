import { labelledEnvelope } from './envelope.ts';
import { type FieldType, list, optional, record, unlessEmpty } from './field.ts';
import type { Labels } from './selector.ts';
import { cidr, ipAddress, ipv4Address, nodeAddress4, nodeAddress6, sessionAsNumber } from './values.ts';

/** What the BGP rules read of a Node (spec calico-v3, 1.1). */
const bgp = record(
  {
    /** The node's BGP address and subnet; null = the node does not speak this family. */
    ipv4Address: unlessEmpty(nodeAddress4),
    ipv6Address: unlessEmpty(nodeAddress6),
    /** Null = the global AS. */
    asNumber: optional(sessionAsNumber, null),
    /** Non-null = the node is a route reflector. */
    routeReflectorClusterID: unlessEmpty(ipv4Address),
  },
  ['ipv4IPIPTunnelAddr'],
);

/** Where these are set, routes to other such nodes go through WireGuard (spec 7.6). */
const wireguard = record({
  interfaceIPv4Address: unlessEmpty(ipAddress),
  interfaceIPv6Address: unlessEmpty(ipAddress),
});

const spec = record({ bgp: optional(bgp, null), wireguard: optional(wireguard, null) }, [
  'orchRefs',
  'addresses',
  'interfaces',
  'ipv4VXLANTunnelAddr',
  'ipv6VXLANTunnelAddr',
  'vxlanTunnelMACAddr',
  'vxlanTunnelMACAddrV6',
]);

const status = record({ podCIDRs: optional(list(cidr), []) }, ['*']);

export const nodeFields = labelledEnvelope(
  optional(spec, { bgp: null, wireguard: null }),
  optional(status, { podCIDRs: [] }),
);

export interface Node extends NonNullable<FieldType<typeof bgp>> {
  readonly key: string;
  readonly name: string;
  readonly labels: Labels;
  /** Speaks WireGuard in the family. */
  readonly wireguard: Readonly<Record<4 | 6, boolean>>;
  readonly podCidrs: FieldType<typeof status>['podCIDRs'];
}

/** One for the thousands that have none. */
const NO_TUNNEL: Node['wireguard'] = { 4: false, 6: false };

const tunnelsOf = (tunnel: FieldType<typeof wireguard>): Node['wireguard'] => ({
  4: tunnel.interfaceIPv4Address !== null,
  6: tunnel.interfaceIPv6Address !== null,
});

/** A Node without `bgp` exists, but has no address to speak from. */
export function toNode(key: string, name: string, given: FieldType<typeof nodeFields>): Node {
  const { bgp: own, wireguard: tunnel } = given.spec;
  return {
    key,
    name,
    labels: given.metadata.labels,
    wireguard: tunnel?.interfaceIPv4Address || tunnel?.interfaceIPv6Address ? tunnelsOf(tunnel) : NO_TUNNEL,
    podCidrs: given.status.podCIDRs,
    ipv4Address: own?.ipv4Address ?? null,
    ipv6Address: own?.ipv6Address ?? null,
    asNumber: own?.asNumber ?? null,
    routeReflectorClusterID: own?.routeReflectorClusterID ?? null,
  };
}
