import { type Diagnostic, show } from '../core/diagnostic.ts';
import type { Family } from '../core/ip-address.ts';
import { resourceKey } from '../core/keys.ts';
import type { LiveConfiguration } from '../core/live-configuration.ts';
import { Sorter } from '../core/order.ts';
import type { LogSeverity } from '../datamodel/bgp-configuration.ts';
import type { Node } from '../datamodel/node.ts';
import { NEWEST, type Release, type ReleaseRules, rulesOf } from '../datamodel/release.ts';
import type { CustomFilter, DecodedResources, Resources } from '../datamodel/resources.ts';
import { type AsNumber, subnetOf } from '../datamodel/values.ts';
import { type BlockRoute, blockRoutes } from './blocks.ts';
import { type Cluster, clusterOf } from './cluster.ts';
import { type CommunityRule, communityRules } from './communities.ts';
import { explicitPeers } from './explicit-peers.ts';
import { filterFaults } from './filter-faults.ts';
import { type FilterFunction, filterFunctions, filtersOf } from './filters.ts';
import { type PoolRules, type Programs, poolRules, programsFor } from './ip-pools.ts';
import { meshPeers } from './mesh.ts';
import { newerFields } from './newer-fields.ts';
import { type PasswordOptions, Passwords } from './passwords.ts';
import { ofFamily, type Peer } from './peer.ts';
import { type Peerings, peeringsOf } from './peerings.ts';
import { type ReachableRoute, reachableRoutes } from './reachable-routes.ts';
import { hashedRouterId } from './router-id.ts';
import { type ServiceOptions, type ServiceRoutes, serviceRoutes } from './services.ts';
import { wireguardNextHops } from './wireguard.ts';

/** The metric of an ordinary route, where the data set none (spec calico-v3, 1.1). */
const NORMAL_ROUTE_PRIORITY = 1024;

/** Who this node is, and what the environment and the settings say of it. */
export interface Self extends ServiceOptions {
  readonly nodeName: string;
  /** CALICO_ROUTER_ID: an IPv4 address, "hash" for one out of the node's name, or null for the node's IPv4 address. */
  readonly routerId: string | null;
  /** The local BIRD can program routes into the IPIP tunnel; if not, those pools are left to Felix. */
  readonly kernelTunnel: boolean;
  /** USE_POD_CIDR: the blocks are the Node's podCIDRs. */
  readonly usePodCidr: boolean;
  /** The Calico release whose rules count, or null for the one that the data name. */
  readonly release: Release | null;
  readonly passwords: PasswordOptions;
}

/** What this node should speak in one address family. It knows no BIRD syntax; lists are sorted, null = known absent. */
export interface FamilyBgp {
  readonly family: Family;
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
  /** Routes over the IPIP tunnel are another's, and are kept from internal peers. */
  readonly hidesIpipRoutes: boolean;
  /** The metric of an ordinary route; null = this release knows no priorities. */
  readonly normalRoutePriority: number | null;
  readonly communityRules: readonly CommunityRule[];
  readonly filters: readonly FilterFunction[];
  readonly blocks: readonly BlockRoute[];
  readonly reachableRoutes: readonly ReachableRoute[];
  readonly services: ServiceRoutes;
  readonly pools: PoolRules;
  /** Neighbors behind WireGuard: Felix programs the routes over them. */
  readonly wireguardNextHops: readonly string[];
  readonly peers: readonly Peer[];
  /** Raw BIRD text for the filter before the neighbors, in order; of the v1 layout only, and only where it is allowed. */
  readonly customFilters: readonly Omit<CustomFilter, 'family'>[];
  /** Datastore keys behind everything that follows from no single other resource. */
  readonly origins: readonly string[];
}

type Found<T> = { readonly value: T; readonly diagnostics: readonly Diagnostic[] };

/** One family, with what is told of it alone. */
export interface BuiltFamily extends Found<FamilyBgp> {
  /** The names of the sessions whose password is the live file's, sorted. */
  readonly kept: readonly string[];
}

/** What this node should speak, family by family: each has a daemon and live files of its own. */
export interface NodeBgp {
  /** `live`: what that daemon's files hold; null = there are none. */
  family(family: Family, live: LiveConfiguration | null): BuiltFamily;
}

/** What both families are built from. */
interface Inputs {
  readonly decoded: Pick<DecodedResources, 'resources' | 'neverValid'>;
  readonly cluster: Cluster;
  readonly node: Node;
  readonly self: Self;
  readonly rules: ReleaseRules;
  readonly routerId: string;
  readonly programs: Programs;
  readonly peerings: Peerings;
}

/**
 * What `self` should speak. `value` is null, with a `node-unknown` Diagnostic, when its own Node is not among the resources: then nothing
 * may be written. `release`: whose rules were asked for or named; null = nobody's, so the newest count. The other Diagnostics are those
 * that concern both families. Pure; equal peers are the same objects from call to call.
 */
export function buildNodeBgp(
  decoded: Pick<DecodedResources, 'resources' | 'neverValid'>,
  self: Self,
): Found<NodeBgp | null> & { readonly release: Release | null } {
  const { resources } = decoded;
  const node = resources.nodes.get(resourceKey('Node', self.nodeName));
  const release = releaseOf(resources, self);
  if (!node) return { value: null, diagnostics: [unknownNode(self.nodeName)], release: release.known };
  const rules = rulesOf(release.value);
  const cluster = clusterOf(resources, rules);
  const router = routerId(node, self);
  const programs = programsOf(cluster, self);
  const peerings = peeringsOf(resources, cluster, node);
  const newer = { diagnostics: newerFields(resources, release.value) };
  const all = [release, newer, router, programs, peerings];
  const common = { decoded, cluster, node, self, rules, peerings };
  const inputs = { ...common, routerId: router.value, programs: programs.value };
  return {
    value: { family: (family, live) => buildFamily(inputs, family, live) },
    diagnostics: all.flatMap(({ diagnostics }) => diagnostics),
    release: release.known,
  };
}

function buildFamily(inputs: Inputs, family: Family, live: LiveConfiguration | null): BuiltFamily {
  const { cluster, node, self, rules, peerings } = inputs;
  const { resources } = inputs.decoded;
  const { defaults } = cluster;
  const own = cluster.configurationOf(node.name);
  const address = ofFamily(family, node);
  const subnet = subnetOf(family === 4 ? node.ipv4Address : node.ipv6Address);
  const pools = poolRules(resources.ipPools.values(), family, inputs.programs, subnet);
  const asNumber = cluster.asNumberOf(node);
  const priority = defaults?.normalRoutePriority[family] ?? NORMAL_ROUTE_PRIORITY;
  const normalRoutePriority = rules.routePriorities ? priority : null;
  const rrClusterId = node.routeReflectorClusterID?.text ?? null;
  const context = { family, address: address ?? '', asNumber, rrClusterId, normalRoutePriority };
  const filters = filtersOf(inputs.decoded, family, live);
  const passwords = new Passwords(resources, self.passwords, live);
  const hasSessions = address !== null;
  const mesh = hasSessions ? meshPeers(cluster, node, context, passwords) : { peers: [], diagnostics: [] };
  const explicit = hasSessions ? explicitPeers(filters, peerings, context, passwords) : [];
  const asked = [...peerings.global.values(), ...peerings.own.values()];
  const ofFamilyOnly = asked.filter((peering) => peering.address.includes(':') === (family === 6));
  const faults = filterFaults(
    ofFamilyOnly.map(({ peer }) => peer),
    filters,
    family,
  );
  const value: FamilyBgp = {
    family,
    address,
    subnet: subnet?.text ?? null,
    asNumber,
    routerId: inputs.routerId,
    logSeverity: own?.logSeverity ?? defaults?.logSeverity ?? 'info',
    listenAddress: defaults?.bindMode === 'NodeIP' ? address : null,
    listenPort: cluster.listenPortOf(node.name) || null,
    ignoredInterfaces: defaults?.ignoredInterfaces ?? [],
    hidesIpipRoutes: rules.hidesTunnelRoutes && !inputs.programs.ipip,
    normalRoutePriority,
    communityRules: communityRules(own, defaults, family),
    filters: filterFunctions(filters),
    blocks: blockRoutes(self.usePodCidr ? podBlocks(node) : resources.blockAffinities.values(), family),
    reachableRoutes: reachableRoutes(peerings, family),
    services: serviceRoutes(resources, defaults, node, family, rules, self),
    pools: pools.value,
    wireguardNextHops: rules.wireguardRejects ? wireguardNextHops(cluster.nodes, node, family) : [],
    peers: sortedPeers(self, family, [...mesh.peers, ...explicit]),
    customFilters: [],
    origins: [node.key, defaults?.key, own?.key].filter((key) => key !== undefined),
  };
  const diagnostics = [...pools.diagnostics, ...mesh.diagnostics, ...faults, ...passwords.diagnostics];
  return { value, diagnostics, kept: passwords.kept };
}

const sorters: Readonly<Record<Family, WeakMap<Self, Sorter<Peer>>>> = { 4: new WeakMap(), 6: new WeakMap() };

function sortedPeers(self: Self, family: Family, peers: readonly Peer[]): readonly Peer[] {
  const sorter = sorters[family].get(self) ?? new Sorter(({ name }) => name);
  sorters[family].set(self, sorter);
  return sorter.sort(peers);
}

/** USE_POD_CIDR: what Kubernetes gave the node is its own, all of it (spec 7.5). */
const podBlocks = (node: Node) => node.podCidrs.map((cidr) => ({ key: node.key, cidr, state: 'confirmed' as const }));

/** The release that was asked for, else the one that ClusterInformation names, else the newest that is known. */
function releaseOf(
  { clusterInformations }: Resources,
  self: Self,
): Found<Release> & { readonly known: Release | null } {
  const key = resourceKey('ClusterInformation', 'default');
  const named = clusterInformations.get(key);
  const value = self.release ?? named?.release;
  if (value) return { value, known: value, diagnostics: [] };
  const path = ['spec', 'calicoVersion'];
  const found = named?.version ? show(named.version) : 'nothing';
  const message = `expected a Calico release, found ${found}: the rules of 3.${NEWEST.minor} are used. Give --calico-release 3.N`;
  return {
    value: NEWEST,
    known: null,
    diagnostics: [{ severity: 'warning', code: 'release-unknown', key, path, message }],
  };
}

/** Who programs the pools' routes: what the data say, less what the local BIRD cannot do (spec bird.md 4: krt_tunnel). */
function programsOf(cluster: Cluster, self: Self): Found<Programs> {
  const policy = cluster.defaults?.programClusterRoutes ?? null;
  const wanted = programsFor(policy, cluster.rules);
  if (self.kernelTunnel || !wanted.ipip) return { value: wanted, diagnostics: [] };
  const key = resourceKey('BGPConfiguration', 'default');
  const path = ['spec', 'programClusterRoutes'];
  const message = 'this BIRD has no krt_tunnel, so the routes of IPIP pools are left to Felix';
  const diagnostics: Diagnostic[] = [{ severity: 'warning', code: 'no-kernel-tunnel', key, path, message }];
  return { value: { ...wanted, ipip: false }, diagnostics };
}

/** Calico writes an empty router id for a node without an IPv4 address, which BIRD refuses; ours is the hashed name then. */
function routerId(node: Node, self: Self): Found<string> {
  if (self.routerId === 'hash') return { value: hashedRouterId(node.name), diagnostics: [] };
  const value = self.routerId ?? node.ipv4Address?.text;
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
