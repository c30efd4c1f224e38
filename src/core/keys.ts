/** Every datastore path, here and nowhere else: today's layout (spec calico-v3, 1.1) first. A prefix ends in "/". */
const RESOURCES = '/calico/resources/v3/projectcalico.org/';

/** The resource kinds that are read, each with the plural under which its keys stand. */
export const PLURALS = {
  IPPool: 'ippools',
  BGPConfiguration: 'bgpconfigurations',
  Node: 'nodes',
  BGPPeer: 'bgppeers',
  BGPFilter: 'bgpfilters',
  ClusterInformation: 'clusterinformations',
} as const;

export type ResourceKind = keyof typeof PLURALS;

export const resourcePrefix = (kind: ResourceKind): string => `${RESOURCES}${PLURALS[kind]}/`;
export const resourceKey = (kind: ResourceKind, name: string): string => resourcePrefix(kind) + name;

/** A resource's name is its key's last segment, not what its metadata say; null for a deeper path, which is not a resource. */
export function resourceName(kind: ResourceKind, key: string): string | null {
  const name = key.slice(resourcePrefix(kind).length);
  return name === '' || name.includes('/') ? null : name;
}

/** The block affinities of all nodes. */
export const AFFINITIES = '/calico/ipam/v2/host/';

/**
 * What all nodes watch for the sake of a prefix: equal ranges of thousands of watches are one watch to etcd behind a proxy (`etcd grpc-proxy`),
 * and the affinities of other nodes are few.
 */
export const sharedPrefix = (prefix: string): string => (prefix.startsWith(AFFINITIES) ? AFFINITIES : prefix);

/** The block affinities of one node (spec 1.1, stream 6); the trailing slash keeps out a node whose name only begins alike. */
export const affinityPrefix = (node: string): string => `${AFFINITIES}${node}/`;

/** `…/ipv4/block/10.0.0.0-26` for `10.0.0.0/26`. */
export const affinityKey = (node: string, cidr: string): string =>
  `${affinityPrefix(node)}ipv${cidr.includes(':') ? 6 : 4}/block/${cidr.replace('/', '-')}`;

/** Family and CIDR text of an affinity key of `node`, or null when it is none. The text is not checked here. */
export function affinityCidr(node: string, key: string): { family: 4 | 6; cidr: string } | null {
  const match = /^ipv([46])\/block\/([^/]+)-(\d+)$/.exec(key.slice(affinityPrefix(node).length));
  return match ? { family: match[1] === '4' ? 4 : 6, cidr: `${match[2]}/${match[3]}` } : null;
}

/** Which layout the BGP data have: Calico's up to 2.6, or today's. Block affinities stand under the same keys in both. */
export type DataLayout = 'v1' | 'v3';

/** The v1 layout (spec calico-v1, 1): what holds for all nodes, what is one node's, `<name>/<field>`, and the pools of a family. */
export const V1_GLOBAL = '/calico/bgp/v1/global/';
export const V1_HOSTS = '/calico/bgp/v1/host/';
export const v1PoolPrefix = (family: 4 | 6): string => `/calico/v1/ipam/v${family}/pool/`;

/** Raw BIRD text, `custom_filters/v4/<name>`, which Calico 0.23 to 2.6 put into its filters. */
export const isV1CustomFilter = (key: string): boolean =>
  /^custom_filters\/v[46]\/[A-Za-z0-9_.:-]+$/.test(key.startsWith(V1_GLOBAL) ? key.slice(V1_GLOBAL.length) : '');

/** The first segment after a prefix, and what follows it: `node-a` and `peer_v4/192.0.2.1`. The rest is null where there is none. */
export function splitKey(prefix: string, key: string): { readonly first: string; readonly rest: string | null } {
  const path = key.slice(prefix.length);
  const slash = path.indexOf('/');
  return slash < 0 ? { first: path, rest: null } : { first: path.slice(0, slash), rest: path.slice(slash + 1) };
}

/** Kubernetes objects, `k8s:/<kind>/<namespace>/<name>`: what clusters on the Kubernetes API keep there, and etcd does not hold. */
export type KubernetesKind = 'Service' | 'EndpointSlice' | 'Secret';
export const kubernetesPrefix = (kind: KubernetesKind): string => `k8s:/${kind}/`;
export const kubernetesSecretKey = (namespace: string, name: string): string =>
  `${kubernetesPrefix('Secret')}${namespace}/${name}`;

/** `<namespace>/<name>` of a Kubernetes key. */
export const namespacedName = (key: string): string => key.split('/').slice(-2).join('/');

/** Files of --secrets-dir, `secret:/<name>/<key>`, and of the endpoint-status folder, `status:/<file>`. */
export const SECRET_FILES = 'secret:/';
export const STATUS_FILES = 'status:/';

export const secretFileKey = (name: string, key: string): string => `${SECRET_FILES}${name}/${key}`;

/** Whether what stands under a key is secret as a whole. */
export const isSecret = (key: string): boolean =>
  key.startsWith(SECRET_FILES) || key.startsWith(kubernetesPrefix('Secret'));

/** The prefixes that only one layout has: data of a layout are there when anything stands under them. */
export const LAYOUT_PREFIXES: Readonly<Record<DataLayout, readonly string[]>> = {
  v1: [V1_GLOBAL, V1_HOSTS, v1PoolPrefix(4), v1PoolPrefix(6)],
  v3: (Object.keys(PLURALS) as ResourceKind[]).map(resourcePrefix),
};

/** What a service on `node` asks its datastores for. `data` null: not known yet, so both layouts. */
export const prefixesFor = (node: string, data: DataLayout | null = null): readonly string[] =>
  prefixesWith(affinityPrefix(node), data);

/** The same for all nodes at once. */
export const clusterPrefixes = (data: DataLayout | null = null): readonly string[] => prefixesWith(AFFINITIES, data);

const prefixesWith = (affinities: string, data: DataLayout | null): readonly string[] => [
  ...(data === 'v1' ? [] : LAYOUT_PREFIXES.v3),
  ...(data === 'v3' ? [] : LAYOUT_PREFIXES.v1),
  affinities,
  kubernetesPrefix('Service'),
  kubernetesPrefix('EndpointSlice'),
  kubernetesPrefix('Secret'),
  SECRET_FILES,
  STATUS_FILES,
];
