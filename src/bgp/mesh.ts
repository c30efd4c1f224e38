import type { Diagnostic } from '../core/diagnostic.ts';
import type { Family } from '../core/ip-address.ts';
import { joinRuns, Runs } from '../core/runs.ts';
import type { Secret } from '../core/secret.ts';
import type { Node } from '../datamodel/node.ts';
import type { Cluster } from './cluster.ts';
import type { Passwords } from './passwords.ts';
import { ofFamily, type Peer, type PeerContext, peerName, waitsFor } from './peer.ts';
import { sameAsBefore } from './same-as-before.ts';

/** One list for all: there are thousands of sessions. */
const NO_FILTERS: Peer['importFilters'] = [];

function meshPeer(cluster: Cluster, node: Node, address: string, context: PeerContext, password: Secret | null): Peer {
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
    importFilters: NO_FILTERS,
    exportFilters: NO_FILTERS,
    normalRoutePriority: context.normalRoutePriority,
    origins: [node.key],
  };
}

/** What the mesh peers of one build have in common. */
interface Common extends Pick<Cluster, 'rules' | 'bgpConfigurations'> {
  readonly context: PeerContext;
}

const isSame = <T extends object>(a: T, b: T): boolean =>
  (Object.keys(a) as (keyof T)[]).every((field) => a[field] === b[field]);

const commons = new WeakMap<Node, Map<Family, Common>>();

/** The same object as in the last build for this node, if nothing in it differs. */
function commonOf({ rules, bgpConfigurations }: Cluster, self: Node, context: PeerContext): Common {
  const ofSelf = commons.get(self) ?? new Map<Family, Common>();
  commons.set(self, ofSelf);
  const last = ofSelf.get(context.family);
  const now = { rules, bgpConfigurations, context: last && isSame(last.context, context) ? last.context : context };
  const common = last && isSame(last, now) ? last : now;
  ofSelf.set(context.family, common);
  return common;
}

interface Made {
  readonly common: Common;
  readonly password: Secret | null | undefined;
  readonly peers: readonly Peer[];
  readonly addresses: readonly string[];
}

const runs = new Runs<Node>();

/** What was made of a run of nodes last, by family: thousands of peers are not put together again only to be found equal. */
const made: Readonly<Record<Family, WeakMap<readonly Node[], Made>>> = { 4: new WeakMap(), 6: new WeakMap() };

/** The peers that a run of nodes are. `password` undefined: each may have one of its own, and none has it yet. */
function peersOf(
  run: readonly Node[],
  cluster: Cluster,
  self: Node,
  common: Common,
  password: Secret | null | undefined,
): Made {
  const { context } = common;
  const known = made[context.family].get(run);
  if (known?.common === common && known.password === password) return known;
  const peers = run.flatMap((node) => {
    const address = ofFamily(context.family, node);
    if (address === null || node === self || node.routeReflectorClusterID) return [];
    const peer = meshPeer(cluster, node, address, context, password ?? null);
    return [password === undefined ? peer : sameAsBefore(node, peer)];
  });
  const now = { common, password, peers, addresses: peers.map(({ address }) => address) };
  made[context.family].set(run, now);
  return now;
}

/** Of two nodes with one address this one, else the first, has it, and the other one is named. */
function withoutTwins(all: readonly Made[], self: Node, { family, address: own }: PeerContext): Mesh {
  const peers = joinRuns(all.map((run) => run.peers));
  const addresses = new Set(joinRuns(all.map((run) => run.addresses)));
  if (addresses.size === peers.length && !addresses.has(own)) return { peers, diagnostics: [] };
  const diagnostics: Diagnostic[] = [];
  const holders = new Map([[own, self.key]]);
  const path = ['spec', 'bgp', `ipv${family}Address`];
  const first = peers.filter(({ address, origins: [key = ''] }) => {
    const holder = holders.get(address);
    holders.set(address, holder ?? key);
    if (holder === undefined) return true;
    const message = `${address} is also the address of ${holder}: no session with this node`;
    diagnostics.push({ severity: 'error', code: 'duplicate-address', key, path, message });
    return false;
  });
  return { peers: first, diagnostics };
}

interface Mesh {
  readonly peers: readonly Peer[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The full mesh: a session with every other node that has an address of this family and is no route reflector
 * (spec calico-v3, 3.3), in the order of the nodes' names.
 */
export function meshPeers(cluster: Cluster, self: Node, context: PeerContext, passwords: Passwords): Mesh {
  const { defaults } = cluster;
  if (self.routeReflectorClusterID || defaults?.meshEnabled === false) return { peers: [], diagnostics: [] };
  const at = { key: defaults?.key ?? '', path: ['spec', 'nodeMeshPassword'] };
  const wanted = passwords.wanted(defaults?.meshPassword ?? null, at);
  const common = commonOf(cluster, self, context);
  const all = runs.cut(cluster.nodes).map((run) => peersOf(run, cluster, self, common, wanted.forAll));
  const { peers, diagnostics } = withoutTwins(all, self, context);
  if (wanted.forAll !== undefined) return { peers, diagnostics };
  const nodes = new Map(cluster.nodes.map((node) => [node.key, node]));
  const own = peers.flatMap((peer) => {
    const password = wanted.of(peer.name);
    const node = nodes.get(peer.origins[0] ?? '')!;
    return password === 'missing' ? [] : [sameAsBefore(node, { ...peer, password })];
  });
  return { peers: own, diagnostics };
}
