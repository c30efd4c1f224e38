import { type Diagnostic, show } from '../core/diagnostic.ts';
import { type Family, type IpAddress, isSessionAddress, parseAddressWithLength } from '../core/ip-address.ts';
import { resourceKey } from '../core/keys.ts';
import { sortedByBytes } from '../core/order.ts';
import type { BgpPeer } from '../datamodel/bgp-peer.ts';
import type { Node } from '../datamodel/node.ts';
import type { Resources } from '../datamodel/resources.ts';
import type { AsNumber } from '../datamodel/values.ts';
import type { WorkloadStatus } from '../datamodel/workload-status.ts';
import type { Cluster } from './cluster.ts';
import { ofFamily } from './peer.ts';

const DEFAULT_PORT = 179;

/** One wish of a BGPPeer for a session of this node (spec calico-v3, 2.4). */
export interface Peering {
  readonly peer: BgpPeer;
  /** How the neighbor was found: by its address, as one of the nodes, or as a workload of this node. */
  readonly form: 'address' | 'node' | 'workload';
  readonly address: string;
  /** 0 = not given. */
  readonly port: number;
  readonly asNumber: AsNumber;
  /** The address was typed as one of the nodes' (form `address` only). */
  readonly isNodeAddress: boolean;
  /** The neighbor's cluster id, where it is known to be a route reflector. */
  readonly rrClusterId: string | null;
  readonly origins: readonly string[];
}

/** The granted peerings by address and port: those of global BGPPeers and those of this node's own. */
export interface Peerings {
  readonly global: ReadonlyMap<string, Peering>;
  readonly own: ReadonlyMap<string, Peering>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Peerings with one neighbor are told apart by address and port; 179 is the same as none. */
const idOf = ({ address, port }: Peering): string =>
  port === 0 || port === DEFAULT_PORT ? address : `${address}-${port}`;

/** Sessions with a node, in each of the wanted families that it has an address in. */
function withNode(cluster: Cluster, peer: BgpPeer, node: Node, families: readonly Family[]): readonly Peering[] {
  return families.flatMap((family): readonly Peering[] => {
    const address = ofFamily(family, node);
    if (address === null) return [];
    const common = { peer, address, form: 'node', isNodeAddress: false, origins: [peer.key, node.key] } as const;
    const rrClusterId = node.routeReflectorClusterID?.text ?? null;
    return [{ ...common, port: cluster.listenPortOf(node.name), asNumber: cluster.asNumberOf(node), rrClusterId }];
  });
}

function withAddress(cluster: Cluster, peer: BgpPeer): readonly Peering[] {
  const given = peer.peerAddress;
  if (!given || !peer.asNumber || hasForeignGateway(peer)) return [];
  const [node] = given.port === 0 ? cluster.nodesAt(given.address.text, peer.asNumber, 0) : [];
  return [
    {
      peer,
      form: 'address',
      address: given.address.text,
      port: given.port || (node ? cluster.listenPortOf(node.name) : 0),
      asNumber: peer.asNumber,
      // Quirk of spec 9.10, kept: the address as typed must be the canonical text.
      isNodeAddress: cluster.isNodeAddress(given.host),
      rrClusterId: null, // quirk of spec 9.5, kept: not looked for
      origins: [peer.key],
    },
  ];
}

/** The address of a status file's net, or null for what is none that BIRD takes for a neighbor. */
function workloadAddress(net: string | null, family: Family): IpAddress | null {
  const address = parseAddressWithLength(net ?? '')?.address;
  return address?.family === family && isSessionAddress(address) ? address : null;
}

/** Status files that ask for a session which does not follow. */
function workloadFaults(
  { key, bgpPeerName, nets }: WorkloadStatus,
  peers: ReadonlyMap<string, BgpPeer>,
): readonly Diagnostic[] {
  if (bgpPeerName === null) return [];
  const warning = (code: string, path: Diagnostic['path'], message: string): Diagnostic[] => [
    { severity: 'warning', code, key, path, message },
  ];
  if (!peers.get(resourceKey('BGPPeer', bgpPeerName))?.forLocalWorkloads) {
    const message = `there is no BGPPeer ${show(bgpPeerName)} with a localWorkloadSelector: no session with this workload`;
    return warning('unknown-peer', ['bgpPeerName'], message);
  }
  return ([4, 6] as const).flatMap((family) => {
    const net = nets[family];
    if (net === null || workloadAddress(net, family)) return [];
    const message = `expected an IPv${family} address, no link-local one, found ${show(net)}: no session with this workload`;
    return warning('invalid-value', [`ipv${family}Nets`, 0], message);
  });
}

/** A status file's key as an origin, which is printed: file names may hold anything. */
const plainKey = (key: string): string => key.replace(/[^A-Za-z0-9_.:/-]/g, '_');

/** Sessions with the workloads whose status files name the BGPPeer. */
function withWorkloads(peer: BgpPeer, workloads: readonly WorkloadStatus[]): readonly Peering[] {
  const { asNumber } = peer;
  if (!asNumber) return [];
  return workloads
    .filter(({ bgpPeerName }) => bgpPeerName === peer.name)
    .flatMap(({ key, nets }) =>
      ([4, 6] as const).flatMap((family): readonly Peering[] => {
        const address = workloadAddress(nets[family], family);
        if (!address) return [];
        const common = { peer, form: 'workload', port: 0, isNodeAddress: false, rrClusterId: null } as const;
        return [{ ...common, address: address.text, asNumber, origins: [peer.key, plainKey(key)] }];
      }),
    );
}

const hasForeignGateway = ({ peerAddress, reachableBy }: BgpPeer): boolean =>
  reachableBy !== null && peerAddress !== null && reachableBy.family !== peerAddress.address.family;

/** Whether `peer` is for all nodes. */
const isGlobal = ({ node, nodeSelector }: BgpPeer): boolean => node === null && nodeSelector === null;

function isFor(cluster: Cluster, peer: BgpPeer, node: Node): boolean {
  return peer.nodeSelector ? cluster.matching(peer.nodeSelector).includes(node) : peer.node === node.name;
}

/** The sessions back from the nodes that a BGPPeer means as neighbors, to each node that it is for (pass R). */
function reverse(cluster: Cluster, self: Node, peer: BgpPeer): readonly Peering[] {
  if (peer.reversePeering === 'Manual' || peer.forLocalWorkloads) return [];
  const given = peer.peerAddress;
  const receiving = peer.peerSelector
    ? cluster.matching(peer.peerSelector)
    : given && peer.asNumber
      ? cluster.nodesAt(given.address.text, peer.asNumber, given.port)
      : [];
  if (!receiving.includes(self)) return [];
  const families: readonly Family[] = peer.peerSelector ? [4, 6] : given ? [given.address.family] : [];
  const nodes = isGlobal(peer) ? cluster.nodes : cluster.nodes.filter((node) => isFor(cluster, peer, node));
  return nodes.flatMap((node) => withNode(cluster, peer, node, families));
}

/**
 * What the BGPPeers ask of `self`, in both families. Of several wishes for one address and port one is granted, in this order: global
 * before this node's own, forward before reverse, then by the BGPPeer's name (spec 2.4; where Calico's order is random, by name).
 * A BGPPeer that loses to another of the same pass is named.
 */
export function peeringsOf(resources: Resources, cluster: Cluster, self: Node): Peerings {
  const peers = sortedByBytes([...resources.bgpPeers.values()], (peer) => peer.name);
  const workloads = sortedByBytes([...resources.workloads.values()], ({ key }) => key);
  const diagnostics: Diagnostic[] = [
    ...peers.flatMap(incomplete),
    ...workloads.flatMap((workload) => workloadFaults(workload, resources.bgpPeers)),
  ];
  const forward = (peer: BgpPeer): readonly Peering[] => {
    if (peer.forLocalWorkloads) return withWorkloads(peer, workloads);
    if (!peer.peerSelector) return withAddress(cluster, peer);
    return cluster.matching(peer.peerSelector).flatMap((node) => withNode(cluster, peer, node, [4, 6]));
  };
  const global = new Map<string, Peering>();
  const own = new Map<string, Peering>();
  const grant = (granted: Map<string, Peering>, asked: readonly Peering[], tellsLosers: boolean) => {
    for (const peering of asked) {
      const id = idOf(peering);
      const winner = granted.get(id);
      if (!winner && !global.has(id)) granted.set(id, peering);
      if (winner && winner.peer !== peering.peer && tellsLosers) diagnostics.push(duplicate(peering, winner));
    }
  };
  grant(global, peers.filter(isGlobal).flatMap(forward), true);
  grant(own, peers.filter((peer) => !isGlobal(peer) && isFor(cluster, peer, self)).flatMap(forward), true);
  // Two nodes that each name the other are the ordinary case, and nobody loses.
  grant(
    own,
    peers.flatMap((peer) => reverse(cluster, self, peer)),
    false,
  );
  return { global, own, diagnostics };
}

/** BIRD refuses a neighbor without an AS number; a BGPPeer without any neighbor asks for nothing. */
function incomplete(peer: BgpPeer): readonly Diagnostic[] {
  const error = (code: string, field: string, message: string): Diagnostic[] => [
    { severity: 'error', code, key: peer.key, path: ['spec', field], message },
  ];
  const missing = 'expected a value, found nothing: no session follows from this peer';
  if (peer.forLocalWorkloads) return peer.asNumber ? [] : error('missing-value', 'asNumber', missing);
  if (peer.peerSelector) return [];
  if (!peer.peerAddress) return error('missing-value', 'peerIP', missing);
  if (!peer.asNumber) return error('missing-value', 'asNumber', missing);
  if (!hasForeignGateway(peer)) return [];
  const other = `expected an IPv${peer.peerAddress.address.family} address, as peerIP is: no session follows from this peer`;
  return error('invalid-value', 'reachableBy', other);
}

/** The field that asks for a neighbor of each form. */
const ASKED_BY = { address: 'peerIP', node: 'peerSelector', workload: 'localWorkloadSelector' } as const;

function duplicate(loser: Peering, winner: Peering): Diagnostic {
  const message = `${loser.address} is already the neighbor of ${winner.peer.key}: this one has no effect there`;
  return {
    severity: 'warning',
    code: 'duplicate-peer',
    key: loser.peer.key,
    path: ['spec', ASKED_BY[loser.form]],
    message,
  };
}
