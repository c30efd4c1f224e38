import type { Family } from '../core/ip-address.ts';
import { byBytes } from '../core/order.ts';
import type { Node } from '../datamodel/node.ts';
import { ofFamily } from './peer.ts';

/** The BGP addresses of the other nodes that this node reaches through WireGuard (spec calico-v3, 7.6), sorted. */
export function wireguardNextHops(nodes: readonly Node[], self: Node, family: Family): readonly string[] {
  if (!self.wireguard[family]) return [];
  const others = nodes.filter((node) => node.name !== self.name && node.wireguard[family]);
  const addresses = others.map((node) => ofFamily(family, node)).filter((address) => address !== null);
  return [...new Set(addresses)].sort(byBytes);
}
