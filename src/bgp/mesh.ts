import type { Diagnostic } from '../core/diagnostic.ts';
import type { Node } from '../datamodel/node.ts';
import type { Cluster } from './cluster.ts';
import type { Passwords } from './passwords.ts';
import { ofFamily, type Peer, type PeerContext, peerName, waitsFor } from './peer.ts';
import { sameAsBefore } from './same-as-before.ts';

function meshPeer(cluster: Cluster, node: Node, address: string, context: PeerContext): Omit<Peer, 'password'> {
  // Quirk of spec 3.3, kept: from 3.32 on, a mesh peer without an AS of its own is given this node's, not the cluster's.
  const otherwise = cluster.rules.meshAsNumber === 'own' ? context.asNumber : cluster.asNumber;
  const asNumber = node.asNumber ?? otherwise;
  return {
    name: peerName('Mesh', address, 0),
    address,
    port: cluster.listenPortOf(node.name) || null,
    asNumber,
    localAsNumber: null,
    sourceAddress: context.address,
    ttlSecurityHops: null,
    internal: cluster.rules.meshAlwaysInternal || asNumber === context.asNumber,
    passive: waitsFor(context.address, address),
    gracefulRestartSeconds: cluster.defaults?.meshRestartSeconds ?? null,
    keepaliveSeconds: null,
    rrClusterId: null,
    nextHop: null,
    allowedLocalAsNumbers: null,
    importFilters: [],
    exportFilters: [],
    normalRoutePriority: context.normalRoutePriority,
    origins: [node.key],
  };
}

/**
 * The full mesh: a session with every other node that has an address of this family and is no route reflector
 * (spec calico-v3, 3.3). Of two nodes with one address this one, else the first by name, has it, and the other one is named.
 */
export function meshPeers(
  cluster: Cluster,
  self: Node,
  context: PeerContext,
  passwords: Passwords,
): { peers: Peer[]; diagnostics: Diagnostic[] } {
  const { defaults } = cluster;
  if (self.routeReflectorClusterID || defaults?.meshEnabled === false) return { peers: [], diagnostics: [] };
  const at = { key: defaults?.key ?? '', path: ['spec', 'nodeMeshPassword'] };
  const wanted = passwords.wanted(defaults?.meshPassword ?? null, at);
  const diagnostics: Diagnostic[] = [];
  const holders = new Map<string, string>();
  const peers: Peer[] = [];
  for (const node of cluster.nodes) {
    const address = ofFamily(context.family, node);
    if (address === null || node === self || node.routeReflectorClusterID) continue;
    const holder = address === context.address ? self.key : holders.get(address);
    if (holder === undefined) {
      holders.set(address, node.key);
      const peer = meshPeer(cluster, node, address, context);
      const password = wanted.of(peer.name);
      if (password !== 'missing') peers.push(sameAsBefore(node, { ...peer, password }));
      continue;
    }
    const path = ['spec', 'bgp', `ipv${context.family}Address`];
    const message = `${address} is also the address of ${holder}: no session with this node`;
    diagnostics.push({ severity: 'error', code: 'duplicate-address', key: node.key, path, message });
  }
  return { peers, diagnostics };
}
