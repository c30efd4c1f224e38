import { envelope } from './envelope.ts';
import { type FieldType, optional, record, unlessEmpty } from './field.ts';
import { ipv4Address, nodeAddress4, nodeAddress6, sessionAsNumber } from './values.ts';

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

const spec = record(
  { bgp: optional(bgp, null) },
  [
    'orchRefs',
    'addresses',
    'interfaces',
    'ipv4VXLANTunnelAddr',
    'ipv6VXLANTunnelAddr',
    'vxlanTunnelMACAddr',
    'vxlanTunnelMACAddrV6',
  ],
  ['wireguard'],
);

export const nodeFields = envelope(optional(spec, { bgp: null }));

export interface Node extends NonNullable<FieldType<typeof bgp>> {
  readonly key: string;
  readonly name: string;
}

/** A Node without `bgp` exists, but has no address to speak from. */
export function toNode(key: string, name: string, { spec: { bgp: given } }: FieldType<typeof nodeFields>): Node {
  const none = { ipv4Address: null, ipv6Address: null, asNumber: null, routeReflectorClusterID: null };
  return { key, name, ...(given ?? none) };
}
