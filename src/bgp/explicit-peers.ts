import type { Diagnostic } from '../core/diagnostic.ts';
import { byBytesOf } from '../core/order.ts';
import type { BgpPeer } from '../datamodel/bgp-peer.ts';
import type { Node } from '../datamodel/node.ts';
import type { Resources } from '../datamodel/resources.ts';
import type { AsNumber } from '../datamodel/values.ts';
import type { Cluster } from './cluster.ts';
import { ofFamily, type Peer, type PeerContext, type PeerKind, peerName, waitsFor } from './peer.ts';
import { sameAsBefore } from './same-as-before.ts';

const DEFAULT_PORT = 179;

/** One wish for a session, before it is known which of several for one neighbor is granted (spec calico-v3, 2.4). */
interface Wish {
  readonly address: string;
  /** 0 = not given. */
  readonly port: number;
  readonly asNumber: AsNumber;
  /** The neighbor is one of this cluster's nodes, found by its address. */
  readonly isNode: boolean;
  /** The neighbor's cluster id, where it is known to be a route reflector; never of a neighbor by address (quirk of spec 9.5, kept). */
  readonly rrClusterId: string | null;
  readonly peer: BgpPeer;
  readonly origins: readonly string[];
}

/** Wishes for one neighbor are told apart by address and port; 179 is the same as none. */
const idOf = ({ address, port }: Wish): string =>
  port === 0 || port === DEFAULT_PORT ? address : `${address}-${port}`;

/** The nodes that a BGPPeer by address means: that address, that AS, and, if a port is given, that port. */
function nodesAt(cluster: Cluster, address: string, asNumber: AsNumber, port: number): readonly Node[] {
  const portAgrees = (node: Node): boolean => {
    const own = cluster.configurationOf(node.name)?.listenPort ?? null;
    const global = cluster.defaults?.listenPort ?? null;
    // Quirk of spec 9.8, kept: a global port that differs refuses even a node whose own port is the right one.
    return (own === null || own === port) && (global === null || global === port);
  };
  return cluster.nodes.filter(
    (node) =>
      [ofFamily(4, node), ofFamily(6, node)].includes(address) &&
      cluster.asNumberOf(node) === asNumber &&
      (port === 0 || portAgrees(node)),
  );
}

/** The session that a BGPPeer by address asks for on the nodes that it is for. */
function forward(cluster: Cluster, peer: BgpPeer, nodeAddresses: ReadonlySet<string>): Wish | null {
  const given = peer.peerAddress;
  if (!given || !peer.asNumber) return null;
  const [node] = given.port === 0 ? nodesAt(cluster, given.address.text, peer.asNumber, 0) : [];
  const port = given.port || (node ? cluster.listenPortOf(node.name) : 0);
  return {
    address: given.address.text,
    port,
    asNumber: peer.asNumber,
    // Quirk of spec 9.10, kept: the address as typed must be the canonical text.
    isNode: nodeAddresses.has(given.host),
    rrClusterId: null,
    peer,
    origins: [peer.key],
  };
}

/** The sessions back from the node that a BGPPeer's address belongs to, to each node that the BGPPeer is for (pass R). */
function reverse(cluster: Cluster, self: Node, peer: BgpPeer): readonly Wish[] {
  const given = peer.peerAddress;
  if (!given || !peer.asNumber || peer.reversePeering === 'Manual') return [];
  const receives = nodesAt(cluster, given.address.text, peer.asNumber, given.port).some(
    (node) => node.name === self.name,
  );
  if (!receives) return [];
  return cluster.nodes.flatMap((node) => {
    const address = ofFamily(given.address.family, node);
    if (address === null || (peer.node !== null && peer.node !== node.name)) return [];
    return [
      {
        address,
        port: cluster.listenPortOf(node.name),
        asNumber: cluster.asNumberOf(node),
        isNode: false,
        rrClusterId: node.routeReflectorClusterID?.text ?? null,
        peer,
        origins: [peer.key, node.key],
      },
    ];
  });
}

function toPeer(kind: PeerKind, wish: Wish, context: PeerContext): Peer {
  const internal = wish.asNumber === context.asNumber;
  return {
    name: peerName(kind, wish.address, wish.port),
    address: wish.address,
    port: wish.port || null,
    asNumber: wish.asNumber,
    sourceAddress: wish.peer.sourceAddress === 'UseNodeIP' ? context.address : null,
    internal,
    passive: kind === 'Global' && wish.isNode && waitsFor(context.address, wish.address),
    // Two reflectors of one cluster are no clients of each other (spec 3.4).
    rrClusterId: internal && wish.rrClusterId !== context.rrClusterId ? context.rrClusterId : null,
    normalRoutePriority: context.normalRoutePriority,
    origins: wish.origins,
  };
}

/**
 * The sessions that BGPPeers ask of `self` in this family. Of several for one address and port one is granted, in this order:
 * global before this node's own, forward before reverse, then by the BGPPeer's name (spec 2.4; where Calico's order is random,
 * by name). A BGPPeer that loses to another of the same pass is named.
 */
export function explicitPeers(
  resources: Resources,
  cluster: Cluster,
  self: Node,
  context: PeerContext,
): { peers: Peer[]; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const nodeAddresses = new Set(
    cluster.nodes.flatMap((n) => [ofFamily(4, n), ofFamily(6, n)]).filter((a) => a !== null),
  );
  const bgpPeers = [...resources.bgpPeers.values()].sort(byBytesOf((peer) => peer.name));
  const wishes = (which: readonly BgpPeer[]) => which.flatMap((peer) => forward(cluster, peer, nodeAddresses) ?? []);

  const global = new Map<string, Wish>();
  const own = new Map<string, Wish>();
  const grant = (granted: Map<string, Wish>, wish: Wish, samePass: boolean) => {
    const id = idOf(wish);
    const winner = granted.get(id) ?? global.get(id);
    if (!winner) granted.set(id, wish);
    else if (samePass && granted.has(id)) diagnostics.push(duplicate(wish, winner));
  };
  diagnostics.push(...bgpPeers.flatMap(incomplete));
  for (const wish of wishes(bgpPeers.filter((peer) => peer.node === null))) grant(global, wish, true);
  for (const wish of wishes(bgpPeers.filter((peer) => peer.node === self.name))) grant(own, wish, true);
  for (const wish of bgpPeers.flatMap((peer) => reverse(cluster, self, peer))) grant(own, wish, false);

  const peers = (kind: PeerKind, granted: Map<string, Wish>) =>
    [...granted.values()]
      .filter((wish) => wish.address.includes(':') === (context.family === 6) && wish.address !== context.address)
      .map((wish) => sameAsBefore(wish.peer, toPeer(kind, wish, context)));
  return { peers: [...peers('Global', global), ...peers('Node', own)], diagnostics };
}

function duplicate(loser: Wish, winner: Wish): Diagnostic {
  const message = `${loser.address} is already the neighbor of ${winner.peer.key}: this one has no effect`;
  return { severity: 'warning', code: 'duplicate-peer', key: loser.peer.key, path: ['spec', 'peerIP'], message };
}

/** BIRD refuses a neighbor without an AS number; a BGPPeer without an address asks for nothing. */
function incomplete(peer: BgpPeer): readonly Diagnostic[] {
  const missing = !peer.peerAddress ? 'peerIP' : !peer.asNumber ? 'asNumber' : null;
  if (missing === null) return [];
  const message = 'expected a value, found nothing: no session follows from this peer';
  return [{ severity: 'error', code: 'missing-value', key: peer.key, path: ['spec', missing], message }];
}
