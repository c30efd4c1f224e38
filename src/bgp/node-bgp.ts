import type { Diagnostic } from '../core/diagnostic.ts';
import type { Family } from '../core/ip-address.ts';
import { resourceKey } from '../core/keys.ts';
import { byBytesOf } from '../core/order.ts';
import type { LogSeverity, ProgramClusterRoutes } from '../datamodel/bgp-configuration.ts';
import type { Node } from '../datamodel/node.ts';
import type { Resources } from '../datamodel/resources.ts';
import type { AsNumber } from '../datamodel/values.ts';
import { type BlockRoute, blockRoutes } from './blocks.ts';
import { type Cluster, clusterOf } from './cluster.ts';
import { explicitPeers } from './explicit-peers.ts';
import { type PoolRules, poolRules, programsFor } from './ip-pools.ts';
import { meshPeers } from './mesh.ts';
import { ofFamily, type Peer } from './peer.ts';
import { hashedRouterId } from './router-id.ts';

/** The metric of an ordinary route, where the data set none (spec calico-v3, 1.1). */
const NORMAL_ROUTE_PRIORITY = 1024;

/** Who this node is, and what the environment says of it. */
export interface Self {
  readonly nodeName: string;
  /** CALICO_ROUTER_ID: an IPv4 address, "hash" for one out of the node's name, or null for the node's IPv4 address. */
  readonly routerId: string | null;
  /** The local BIRD can program routes into the IPIP tunnel; if not, those pools are left to Felix. */
  readonly kernelTunnel: boolean;
}

/** What this node should speak in one address family. It knows no BIRD syntax; lists are sorted, null = known absent. */
export interface FamilyBgp {
  readonly family: Family;
  readonly nodeName: string;
  /** The node's own BGP address; null = no sessions in this family. */
  readonly address: string | null;
  /** The node's own subnet, masked. */
  readonly subnet: string | null;
  readonly asNumber: AsNumber;
  readonly routerId: string;
  readonly logSeverity: LogSeverity;
  readonly listenAddress: string | null;
  readonly listenPort: number | null;
  readonly ignoredInterfaces: readonly string[];
  /** BIRD itself programs the routes of IPIP pools, so routes over the tunnel are its own. */
  readonly programsIpip: boolean;
  readonly normalRoutePriority: number;
  readonly blocks: readonly BlockRoute[];
  readonly pools: PoolRules;
  readonly peers: readonly Peer[];
  /** Datastore keys behind everything that follows from no single other resource. */
  readonly origins: readonly string[];
}

export type NodeBgp = Readonly<Record<Family, FamilyBgp>>;

/**
 * What `self` should speak, in both families. `value` is null, with a `node-unknown` Diagnostic, when its own Node is not among
 * the resources: then nothing may be written. Pure; equal peers are the same objects from call to call.
 */
export function buildNodeBgp(
  resources: Resources,
  self: Self,
): { value: NodeBgp | null; diagnostics: readonly Diagnostic[] } {
  const node = resources.nodes.get(resourceKey('Node', self.nodeName));
  if (!node) return { value: null, diagnostics: [unknownNode(self.nodeName)] };
  const cluster = clusterOf(resources);
  const router = routerId(node, self);
  const policy = clusterRoutes(cluster, self);
  const build = (family: Family) => buildFamily(resources, cluster, node, router.value, policy.value, family);
  const v4 = build(4);
  const v6 = build(6);
  return {
    value: { 4: v4.value, 6: v6.value },
    diagnostics: [...router.diagnostics, ...policy.diagnostics, ...v4.diagnostics, ...v6.diagnostics],
  };
}

function buildFamily(
  resources: Resources,
  cluster: Cluster,
  self: Node,
  routerId: string,
  policy: ProgramClusterRoutes,
  family: Family,
): { value: FamilyBgp; diagnostics: readonly Diagnostic[] } {
  const own = cluster.configurationOf(self.name);
  const address = ofFamily(family, self);
  const subnet = (family === 4 ? self.ipv4Address : self.ipv6Address)?.network ?? null;
  const programs = programsFor(policy);
  const pools = poolRules(resources.ipPools.values(), family, programs, subnet);
  const asNumber = cluster.asNumberOf(self);
  const rrClusterId = self.routeReflectorClusterID?.text ?? null;
  const context = { family, address: address ?? '', asNumber, rrClusterId, normalRoutePriority: NORMAL_ROUTE_PRIORITY };
  const none = { peers: [], diagnostics: [] };
  const mesh = address === null ? none : meshPeers(cluster, self, context);
  const explicit = address === null ? none : explicitPeers(resources, cluster, self, context);
  const value: FamilyBgp = {
    family,
    nodeName: self.name,
    address,
    subnet: subnet?.text ?? null,
    asNumber,
    routerId,
    logSeverity: own?.logSeverity ?? cluster.defaults?.logSeverity ?? 'info',
    listenAddress: cluster.defaults?.bindMode === 'NodeIP' ? address : null,
    listenPort: cluster.listenPortOf(self.name) || null,
    ignoredInterfaces: cluster.defaults?.ignoredInterfaces ?? [],
    programsIpip: programs.ipip,
    normalRoutePriority: NORMAL_ROUTE_PRIORITY,
    blocks: blockRoutes(resources.blockAffinities.values(), family),
    pools: pools.rules,
    peers: [...mesh.peers, ...explicit.peers].sort(byBytesOf((peer) => peer.name)),
    origins: [self.key, cluster.defaults?.key, own?.key].filter((key) => key !== undefined),
  };
  return { value, diagnostics: [...pools.diagnostics, ...mesh.diagnostics, ...explicit.diagnostics] };
}

/** Who programs the pools' routes: what the data say, less what the local BIRD cannot do (spec bird.md 4: krt_tunnel). */
function clusterRoutes(
  cluster: Cluster,
  self: Self,
): { value: ProgramClusterRoutes; diagnostics: readonly Diagnostic[] } {
  const wanted = cluster.defaults?.programClusterRoutes ?? 'EnabledNoEncapOnly';
  if (self.kernelTunnel || !programsFor(wanted).ipip || !cluster.defaults) return { value: wanted, diagnostics: [] };
  const value = wanted === 'Enabled' ? 'EnabledNoEncapOnly' : 'Disabled';
  const path = ['spec', 'programClusterRoutes'];
  const message = `this BIRD has no krt_tunnel, so "${wanted}" is taken for "${value}": Felix must program IPIP routes`;
  return {
    value,
    diagnostics: [{ severity: 'warning', code: 'no-kernel-tunnel', key: cluster.defaults.key, path, message }],
  };
}

/** Calico writes an empty router id for a node without an IPv4 address, which BIRD refuses; ours is the hashed name then. */
function routerId(node: Node, self: Self): { value: string; diagnostics: readonly Diagnostic[] } {
  if (self.routerId === 'hash') return { value: hashedRouterId(node.name), diagnostics: [] };
  const value = self.routerId ?? node.ipv4Address?.address.text;
  if (value !== undefined) return { value, diagnostics: [] };
  const path = ['spec', 'bgp', 'ipv4Address'];
  const message = 'no IPv4 address and no CALICO_ROUTER_ID: the router id is made from the node name';
  const diagnostic: Diagnostic = { severity: 'warning', code: 'router-id-hashed', key: node.key, path, message };
  return { value: hashedRouterId(node.name), diagnostics: [diagnostic] };
}

const unknownNode = (nodeName: string): Diagnostic => ({
  severity: 'error',
  code: 'node-unknown',
  key: resourceKey('Node', nodeName),
  path: [],
  message: `there is no Node "${nodeName}" in the datastore: nothing is written. Check --node (NODENAME) or create the Node`,
});
