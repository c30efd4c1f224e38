import type { Diagnostic } from '../core/diagnostic.ts';
import type { Family } from '../core/ip-address.ts';
import { V1_HOSTS } from '../core/keys.ts';
import { byBytesOf } from '../core/order.ts';
import type { BgpConfiguration } from '../datamodel/bgp-configuration.ts';
import type { Node } from '../datamodel/node.ts';
import type { DecodedResources } from '../datamodel/resources.ts';
import { type AsNumber, subnetOf } from '../datamodel/values.ts';
import { blockRoutes } from './blocks.ts';
import type { BuiltFamily, FamilyBgp, NodeBgp, Self } from './node-bgp.ts';
import { ofFamily } from './peer.ts';
import { hashedRouterId } from './router-id.ts';
import { v1AddressKey, v1ExplicitPeers, v1MeshPeers } from './v1-peers.ts';
import { v1PoolRules } from './v1-pools.ts';

type Found<T> = { readonly value: T; readonly diagnostics: readonly Diagnostic[] };

interface Inputs {
  readonly decoded: DecodedResources;
  readonly nodes: readonly Node[];
  readonly node: Node;
  readonly cluster: BgpConfiguration;
  readonly clusterAs: AsNumber;
  readonly routerId: string;
  readonly kernelTunnel: boolean;
  readonly allowCustomFilters: boolean;
}

/** What the node is to the rules of the v1 layout. */
export interface V1Self extends Pick<Self, 'nodeName' | 'routerId' | 'kernelTunnel'> {
  readonly allowCustomFilters: boolean;
}

/** What v0.22 does not have. */
const NOT_YET = {
  listenAddress: null,
  listenPort: null,
  ignoredInterfaces: [],
  hidesIpipRoutes: false,
  normalRoutePriority: null,
  communityRules: [],
  filters: [],
  reachableRoutes: [],
  services: { statics: [], rejects: [], reflectedLoadBalancer: [], reflectedExternal: [] },
  wireguardNextHops: [],
} as const satisfies Partial<FamilyBgp>;

/**
 * What `self` should speak by data of the v1 layout and the rules of calico/node v0.22 (spec calico-v1, 2), family by family; sessions
 * in v0.22's order: mesh by node, those for all, those of this node. `value` is null, with a `node-unknown` Diagnostic, when nothing is
 * known of the own node. Pure; equal peers are the same objects from call to call.
 */
export function buildV1NodeBgp(decoded: DecodedResources, self: V1Self): Found<NodeBgp | null> {
  const { resources } = decoded;
  const node = resources.nodes.get(V1_HOSTS + self.nodeName);
  if (!node) return { value: null, diagnostics: [unknownNode(self.nodeName)] };
  const cluster = resources.bgpConfigurations.get('default');
  if (!cluster?.asNumber) throw new Error('bug: the v1 layout always has a BGPConfiguration default with an AS number');
  const router = routerId(node, self);
  const inputs: Inputs = {
    decoded,
    nodes: [...resources.nodes.values()].sort(byBytesOf(({ name }) => name)),
    node,
    cluster,
    clusterAs: cluster.asNumber,
    routerId: router.value,
    kernelTunnel: self.kernelTunnel,
    allowCustomFilters: self.allowCustomFilters,
  };
  return {
    value: { family: (family) => buildFamily(inputs, family) },
    diagnostics: [...router.diagnostics, ...ignoredFilters(decoded, self)],
  };
}

function buildFamily({ decoded, nodes, node, cluster, clusterAs, ...inputs }: Inputs, family: Family): BuiltFamily {
  const { resources } = decoded;
  const address = ofFamily(family, node);
  const network = subnetOf(family === 4 ? node.ipv4Address : node.ipv6Address);
  const subnet = network && network.length < (family === 4 ? 32 : 128) ? network.text : null;
  const asNumber = node.asNumber ?? clusterAs;
  const own = resources.bgpConfigurations.get(`node.${node.name}`);
  const missingSubnet = subnet === null ? `${node.key}/network_v${family}` : null;
  const pools = v1PoolRules(resources.ipPools.values(), family, { kernelTunnel: inputs.kernelTunnel, missingSubnet });
  const context = { family, address: address ?? '', asNumber, rrClusterId: null, normalRoutePriority: null };
  const none = { peers: [], diagnostics: [] };
  const meshed = address !== null && cluster.meshEnabled;
  const mesh = meshed ? v1MeshPeers(nodes, node, clusterAs, context) : none;
  const explicit = address === null ? none : v1ExplicitPeers(resources, node, context);
  const value: FamilyBgp = {
    ...NOT_YET,
    family,
    address,
    subnet,
    asNumber,
    routerId: inputs.routerId,
    logSeverity: own?.logSeverity ?? cluster.logSeverity ?? 'info',
    blocks: blockRoutes(resources.blockAffinities.values(), family),
    pools: pools.value,
    peers: [...mesh.peers, ...explicit.peers],
    customFilters: (inputs.allowCustomFilters ? decoded.customFilters : [])
      .filter((each) => each.family === family)
      .map(({ key, text }) => ({ key, text })),
    origins: [v1AddressKey(node, 4), v1AddressKey(node, 6), cluster.key, own?.key].filter((key) => key !== undefined),
  };
  return { value, diagnostics: [...pools.diagnostics, ...mesh.diagnostics, ...explicit.diagnostics], kept: [] };
}

/** v0.22 took IP, whatever it was: without an address it wrote an empty router id, which BIRD refuses. */
function routerId(node: Node, self: Pick<Self, 'routerId'>): Found<string> {
  const given = self.routerId === 'hash' ? hashedRouterId(node.name) : self.routerId;
  const value = given ?? node.ipv4Address?.text;
  if (value !== undefined) return { value, diagnostics: [] };
  const message =
    'no IPv4 address, neither here nor in IP, and no CALICO_ROUTER_ID: the router id is made from the node name';
  const key = v1AddressKey(node, 4);
  return {
    value: hashedRouterId(node.name),
    diagnostics: [{ severity: 'warning', code: 'router-id-hashed', key, path: [], message }],
  };
}

/** Raw text is configuration: whoever may write the datastore could do with BIRD what they like. */
const ignoredFilters = ({ customFilters }: DecodedResources, { allowCustomFilters }: V1Self): readonly Diagnostic[] =>
  (allowCustomFilters ? [] : customFilters).map(({ key }) => {
    const message =
      'this custom filter is raw BIRD text and is not used: --allow-custom-filters would have it checked and used';
    return { severity: 'warning', code: 'custom-filter-ignored', key, path: [], message };
  });

const unknownNode = (nodeName: string): Diagnostic => ({
  severity: 'error',
  code: 'node-unknown',
  key: `${V1_HOSTS}${nodeName}`,
  path: [],
  message: `nothing is known of the node "${nodeName}": nothing is written. Check --node (NODENAME), or give its address in IP`,
});
