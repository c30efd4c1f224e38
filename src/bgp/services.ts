import { type Family, parseCidr, parseIp } from '../core/ip-address.ts';
import { namespacedName } from '../core/keys.ts';
import { byBytesOf } from '../core/order.ts';
import type { BgpConfiguration } from '../datamodel/bgp-configuration.ts';
import type { Node } from '../datamodel/node.ts';
import type { ReleaseRules } from '../datamodel/release.ts';
import type { Resources } from '../datamodel/resources.ts';
import type { EndpointSlice, Service } from '../datamodel/service.ts';
import type { TypedCidr } from '../datamodel/values.ts';

/** What service advertisement adds to a family (spec calico-v3, 6). CIDRs sorted by their keys' text. */
export interface ServiceRoutes {
  /** Ranges and single addresses that this node tells its peers, with a blackhole route each. */
  readonly statics: readonly string[];
  /** Ranges that are kept out of the kernel's table. */
  readonly rejects: readonly string[];
  /** Load balancer and external ranges that a route reflector passes on, in the order of the data. */
  readonly reflectedLoadBalancer: readonly string[];
  readonly reflectedExternal: readonly string[];
}

export interface ServiceOptions {
  /** CALICO_ADVERTISE_CLUSTER_IPS: stands for serviceClusterIPs. */
  readonly clusterIps: TypedCidr | null;
  /** This node's name in Kubernetes. */
  readonly kubernetesNode: string;
}

const EXCLUDE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** How the three lists of ranges are to be read. */
interface Ranges {
  readonly cluster: readonly TypedCidr[];
  readonly external: readonly TypedCidr[];
  readonly loadBalancer: readonly TypedCidr[];
  readonly aggregated: boolean;
}

const isWhole = ({ length, width }: TypedCidr): boolean => length === width;

/** The key's last segment decides the order, as in Calico's own store (spec 4.2). */
const byKey = byBytesOf((cidr: string) => cidr.replace('/', '-'));
const sorted = (texts: Iterable<string>): readonly string[] => [...new Set(texts)].sort(byKey);

function contains(range: TypedCidr, address: string): boolean {
  const [network, ip] = [parseCidr(range.text), parseIp(address)];
  if (!network || ip?.family !== network.family) return false;
  const drop = BigInt(range.width - range.length);
  return ip.bits >> drop === network.address.bits >> drop;
}

const within = (ranges: readonly TypedCidr[], address: string | null): boolean =>
  address !== null && ranges.some((range) => contains(range, address));

const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'];

/** Whether this node tells its peers a service's addresses (spec 6.2, in its order). */
function isAdvertised(
  service: Service,
  slices: readonly EndpointSlice[],
  ranges: Ranges,
  kubernetesNode: string,
): boolean {
  const type = service.type ?? 'ClusterIP';
  if (!SERVICE_TYPES.includes(type) || !service.clusterIP || service.clusterIP === 'None') return false;
  const isLocal = service.externalTrafficPolicy === 'Local';
  if (service.externalTrafficPolicy === 'Cluster') {
    const balanced = type === 'LoadBalancer' ? [service.loadBalancerIP, ...service.ingressIps] : [];
    if (balanced.some((ip) => within(ranges.loadBalancer.filter(isWhole), ip))) return true;
    if (service.externalIPs.some((ip) => within(ranges.external.filter(isWhole), ip))) return true;
  }
  if (!isLocal && ranges.aggregated) return false;
  const nodes = slices
    .filter(({ addressType }) => addressType !== null && service.ipFamilies.includes(addressType))
    .flatMap(({ readyOn }) => readyOn);
  return isLocal ? nodes.includes(kubernetesNode) : nodes.length > 0;
}

/** The addresses of a service that lie in advertised ranges, each as a host route. */
function routesOf(service: Service, ranges: Ranges): readonly string[] {
  const clusterIps = service.clusterIPs.length > 0 ? service.clusterIPs : [service.clusterIP ?? ''];
  const all = [
    ...(ranges.cluster.length > 0 ? clusterIps : []),
    ...service.externalIPs.filter((ip) => within(ranges.external, ip)),
    ...service.ingressIps.filter((ip) => within(ranges.loadBalancer, ip)),
  ];
  return all.filter((ip) => parseIp(ip) !== null).map((ip) => `${ip}/${ip.includes(':') ? 128 : 32}`);
}

function perService(resources: Resources, ranges: Ranges, kubernetesNode: string): readonly string[] {
  const slices = new Map<string, EndpointSlice[]>();
  for (const slice of resources.endpointSlices.values()) {
    const [namespace] = namespacedName(slice.key).split('/');
    const service = `${namespace}/${slice.service}`;
    slices.set(service, [...(slices.get(service) ?? []), slice]);
  }
  return [...resources.services.values()]
    .filter((service) => isAdvertised(service, slices.get(namespacedName(service.key)) ?? [], ranges, kubernetesNode))
    .flatMap((service) => routesOf(service, ranges));
}

/** Routes that follow from the service ranges and, where Kubernetes objects are given, from single services. */
export function serviceRoutes(
  resources: Resources,
  defaults: BgpConfiguration | null,
  self: Node,
  family: Family,
  rules: ReleaseRules,
  { clusterIps, kubernetesNode }: ServiceOptions,
): ServiceRoutes {
  const given = defaults?.serviceRanges ?? { cluster: [], external: [], loadBalancer: [] };
  const fromEnvironment = clusterIps && (rules.clusterIpsAlways || !defaults) ? [clusterIps] : [];
  const ranges: Ranges = {
    ...given,
    cluster: clusterIps ? fromEnvironment : given.cluster,
    aggregated: defaults?.loadBalancerAggregation ?? true,
  };
  const excluded = self.labels.get(EXCLUDE_LABEL) === 'true';
  const aggregates = [
    ...ranges.cluster,
    ...ranges.external.filter((range) => !isWhole(range)),
    ...(ranges.aggregated ? ranges.loadBalancer.filter((range) => !isWhole(range)) : []),
  ];
  // Quirk of spec 6.1, kept: Calico reads the variable before it knows the label.
  const told = excluded ? fromEnvironment : aggregates;
  const single = excluded ? [] : perService(resources, ranges, kubernetesNode);
  const isOurs = (text: string): boolean => text.includes(':') === (family === 6);
  const texts = (list: readonly TypedCidr[]) => list.map(({ text }) => text).filter(isOurs);
  const reflects = self.routeReflectorClusterID !== null;
  return {
    statics: sorted([...texts(told), ...single.filter(isOurs)]),
    rejects: sorted(texts(aggregates)),
    reflectedLoadBalancer: reflects ? texts(ranges.loadBalancer) : [],
    reflectedExternal: reflects && rules.reflectsExternalRanges ? texts(ranges.external) : [],
  };
}
