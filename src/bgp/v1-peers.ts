import type { Diagnostic } from '../core/diagnostic.ts';
import { byBytesOf } from '../core/order.ts';
import type { BgpPeer } from '../datamodel/bgp-peer.ts';
import type { Node } from '../datamodel/node.ts';
import type { Resources } from '../datamodel/resources.ts';
import type { AsNumber } from '../datamodel/values.ts';
import { ofFamily, type Peer, type PeerContext, type PeerKind, peerName } from './peer.ts';
import { sameAsBefore } from './same-as-before.ts';

/** Everything else is what the sessions' template says, and v0.22 knows no options (spec calico-v1, 2.2). */
function v1Peer(
  kind: PeerKind,
  address: string,
  asNumber: AsNumber,
  own: PeerContext,
  origins: readonly string[],
): Peer {
  return {
    name: peerName(kind, address, 0),
    address,
    port: null,
    asNumber,
    localAsNumber: null,
    sourceAddress: own.address,
    ttlSecurityHops: null,
    internal: asNumber === own.asNumber,
    passive: false,
    gracefulRestartSeconds: null,
    keepaliveSeconds: null,
    rrClusterId: null,
    password: null,
    nextHop: 'self',
    allowedLocalAsNumbers: null,
    importFilters: [],
    exportFilters: [],
    normalRoutePriority: null,
    origins,
  };
}

interface Sessions {
  readonly peers: readonly Peer[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The keys that a node's session follows from. */
export const v1AddressKey = (node: Node, family: 4 | 6): string => `${node.key}/ip_addr_v${family}`;

/**
 * The mesh of the v1 layout: a session with every other node that has an address of this family, by name. Two nodes with one address:
 * this one, else the first, has it, and the other is named; v0.22 wrote two sessions of one name, which BIRD refuses.
 */
export function v1MeshPeers(nodes: readonly Node[], self: Node, clusterAs: AsNumber, own: PeerContext): Sessions {
  const diagnostics: Diagnostic[] = [];
  const peers = new Map<string, Peer>();
  for (const node of nodes) {
    const address = ofFamily(own.family, node);
    if (address === null || node === self) continue;
    const key = v1AddressKey(node, own.family);
    const holder = address === own.address ? v1AddressKey(self, own.family) : peers.get(address)?.origins[0];
    if (holder === undefined) {
      const asKeys = node.asNumber === null ? [] : [`${node.key}/as_num`];
      const peer = v1Peer('Mesh', address, node.asNumber ?? clusterAs, own, [key, ...asKeys]);
      peers.set(address, sameAsBefore(node, peer));
      continue;
    }
    const message = `${address} is also the address at ${holder}: no session with this node`;
    diagnostics.push({ severity: 'error', code: 'duplicate-address', key, path: [], message });
  }
  return { peers: [...peers.values()], diagnostics };
}

/** The sessions of one kind, by key; of two keys with one address the first is used, and the other is named. */
function explicit(kind: PeerKind, list: readonly BgpPeer[], own: PeerContext): Sessions {
  const diagnostics: Diagnostic[] = [];
  const peers = new Map<string, Peer>();
  for (const peer of [...list].sort(byBytesOf(({ key }) => key))) {
    const address = peer.peerAddress?.address;
    if (address?.family !== own.family || peer.asNumber === null) continue;
    const holder = peers.get(address.text)?.origins[0];
    if (holder === undefined) {
      peers.set(address.text, sameAsBefore(peer, v1Peer(kind, address.text, peer.asNumber, own, [peer.key])));
      continue;
    }
    const message = `${address.text} is already the neighbor of ${holder}: this one has no effect`;
    diagnostics.push({ severity: 'warning', code: 'duplicate-peer', key: peer.key, path: ['ip'], message });
  }
  return { peers: [...peers.values()], diagnostics };
}

/**
 * The explicit peers of the v1 layout: those for all nodes, then those of `self`. One address may be a neighbor in the mesh, for all and
 * for this node at once, and may even be the own one: v0.22 wrote a session for each, and BIRD takes them (spec calico-v1, 2.2).
 */
export function v1ExplicitPeers({ bgpPeers }: Resources, self: Node, own: PeerContext): Sessions {
  const all = [...bgpPeers.values()];
  const global = explicit(
    'Global',
    all.filter(({ node }) => node === null),
    own,
  );
  const ofNode = explicit(
    'Node',
    all.filter(({ node }) => node === self.name),
    own,
  );
  return { peers: [...global.peers, ...ofNode.peers], diagnostics: [...global.diagnostics, ...ofNode.diagnostics] };
}
