import type { Diagnostic } from '../core/diagnostic.ts';
import type { Family } from '../core/ip-address.ts';
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

/** What the mesh peers of one build have in common. */
interface Common extends Pick<Cluster, 'rules' | 'asNumber' | 'defaults'> {
  readonly context: PeerContext;
}

const isSame = <T extends object>(a: T, b: T): boolean =>
  (Object.keys(a) as (keyof T)[]).every((field) => a[field] === b[field]);

const commons = new WeakMap<Node, Map<Family, Common>>();

/** The same object as in the last build for this node, if nothing in it differs. */
function commonOf({ rules, asNumber, defaults }: Cluster, self: Node, context: PeerContext): Common {
  const ofSelf = commons.get(self) ?? new Map<Family, Common>();
  commons.set(self, ofSelf);
  const last = ofSelf.get(context.family);
  const now = { rules, asNumber, defaults, context: last && isSame(last.context, context) ? last.context : context };
  const common = last && isSame(last, now) ? last : now;
  ofSelf.set(context.family, common);
  return common;
}

interface Made {
  readonly common: Common;
  readonly port: number;
  readonly peer: Peer;
}

/** What was made of a node last, by family: thousands of peers are not put together again only to be found equal. */
const made: Readonly<Record<Family, WeakMap<Node, Made>>> = { 4: new WeakMap(), 6: new WeakMap() };

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
  const common = commonOf(cluster, self, context);
  const known = made[context.family];
  for (const node of cluster.nodes) {
    const address = ofFamily(context.family, node);
    if (address === null || node === self || node.routeReflectorClusterID) continue;
    const holder = address === context.address ? self.key : holders.get(address);
    if (holder === undefined) {
      holders.set(address, node.key);
      const before = known.get(node);
      const port = cluster.listenPortOf(node.name);
      const isKnown = before?.common === common && before.port === port;
      const peer = isKnown ? before.peer : meshPeer(cluster, node, address, context);
      const password = wanted.of(peer.name);
      if (password === 'missing') continue;
      const isUnchanged = isKnown && before.peer.password === password;
      const now = isUnchanged ? before.peer : sameAsBefore(node, { ...peer, password });
      if (!isUnchanged) known.set(node, { common, port, peer: now });
      peers.push(now);
      continue;
    }
    const path = ['spec', 'bgp', `ipv${context.family}Address`];
    const message = `${address} is also the address of ${holder}: no session with this node`;
    diagnostics.push({ severity: 'error', code: 'duplicate-address', key: node.key, path, message });
  }
  return { peers, diagnostics };
}
