import type { Diagnostic } from '../core/diagnostic.ts';
import type { Node } from '../datamodel/node.ts';
import type { Cluster } from './cluster.ts';
import { ofFamily, type Peer, type PeerContext, peerName, waitsFor } from './peer.ts';
import { sameAsBefore } from './same-as-before.ts';

function meshPeer(node: Node, address: string, port: number, context: PeerContext): Peer {
  // Quirk of spec 3.3, kept: a mesh peer without an AS of its own is given this node's, not the cluster's.
  const asNumber = node.asNumber ?? context.asNumber;
  return {
    name: peerName('Mesh', address, 0),
    address,
    port: port || null,
    asNumber,
    sourceAddress: context.address,
    internal: asNumber === context.asNumber,
    passive: waitsFor(context.address, address),
    rrClusterId: null,
    normalRoutePriority: context.normalRoutePriority,
    origins: [node.key],
  };
}

/**
 * The full mesh: a session with every other node that has an address of this family and is no route reflector
 * (spec calico-v3, 3.3). Of two nodes with one address this node, or else the first by name, is taken, and the other one is named.
 */
export function meshPeers(
  cluster: Cluster,
  self: Node,
  context: PeerContext,
): { peers: Peer[]; diagnostics: Diagnostic[] } {
  const peers = new Map<string, Peer>();
  const diagnostics: Diagnostic[] = [];
  if (self.routeReflectorClusterID || cluster.defaults?.meshEnabled === false) return { peers: [], diagnostics };
  for (const node of cluster.nodes) {
    const address = ofFamily(context.family, node);
    if (address === null || node === self || node.routeReflectorClusterID) continue;
    const holder = address === context.address ? self.key : peers.get(address)?.origins[0];
    if (holder === undefined) {
      peers.set(address, sameAsBefore(node, meshPeer(node, address, cluster.listenPortOf(node.name), context)));
      continue;
    }
    const path = ['spec', 'bgp', `ipv${context.family}Address`];
    const message = `${address} is also the address of ${holder}: no session with this node`;
    diagnostics.push({ severity: 'error', code: 'duplicate-address', key: node.key, path, message });
  }
  return { peers: [...peers.values()], diagnostics };
}
