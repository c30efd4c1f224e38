import type { Diagnostic } from '../core/diagnostic.ts';
import type { Secret } from '../core/secret.ts';
import type { Node } from '../datamodel/node.ts';
import type { Resources } from '../datamodel/resources.ts';
import type { Cluster } from './cluster.ts';
import { findPassword, type PasswordOptions } from './passwords.ts';
import { ofFamily, type Peer, type PeerContext, peerName, waitsFor } from './peer.ts';
import { sameAsBefore } from './same-as-before.ts';

function meshPeer(cluster: Cluster, node: Node, address: string, password: Secret | null, context: PeerContext): Peer {
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
    password,
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
  resources: Resources,
  cluster: Cluster,
  self: Node,
  context: PeerContext,
  passwords: PasswordOptions,
): { peers: Peer[]; diagnostics: Diagnostic[] } {
  const { defaults } = cluster;
  if (self.routeReflectorClusterID || defaults?.meshEnabled === false) return { peers: [], diagnostics: [] };
  const at = { key: defaults?.key ?? '', path: ['spec', 'nodeMeshPassword'] };
  const found = findPassword(resources, defaults?.meshPassword ?? null, passwords, at);
  const diagnostics = [...found.diagnostics];
  if (found.password === 'missing') return { peers: [], diagnostics };
  const peers = new Map<string, Peer>();
  for (const node of cluster.nodes) {
    const address = ofFamily(context.family, node);
    if (address === null || node === self || node.routeReflectorClusterID) continue;
    const holder = address === context.address ? self.key : peers.get(address)?.origins[0];
    if (holder === undefined) {
      peers.set(address, sameAsBefore(node, meshPeer(cluster, node, address, found.password.secret, context)));
      continue;
    }
    const path = ['spec', 'bgp', `ipv${context.family}Address`];
    const message = `${address} is also the address of ${holder}: no session with this node`;
    diagnostics.push({ severity: 'error', code: 'duplicate-address', key: node.key, path, message });
  }
  return { peers: [...peers.values()], diagnostics };
}
