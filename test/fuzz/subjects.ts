import {
  affinityKey,
  affinityPrefix,
  kubernetesPrefix,
  kubernetesSecretKey,
  type ResourceKind,
  resourceKey,
  resourcePrefix,
  SECRET_FILES,
  STATUS_FILES,
  secretFileKey,
} from '../../src/core/keys.ts';
import { block, configuration, filter, node, peer, pool } from '../support/cluster.ts';
import { type Kind, type Step, withField } from './fields.ts';

export type Entry = readonly [key: string, value: string];

/** One resource that is going to be made hostile: its place in the cluster, and what must be there for it to have an effect. */
export interface Subject {
  readonly kind: Kind;
  readonly key: string;
  /** The valid resource, parsed. */
  readonly base: unknown;
  readonly beside: readonly Entry[];
  /** All keys of the kind begin with this. */
  readonly prefix: string;
}

/** The node whose files are rendered. */
export const SELF = 'self';

/** The cluster around the hostile values: something of every kind, valid all of it. */
export const SURROUNDINGS: readonly Entry[] = [
  node(SELF, '192.0.2.1/24', { ipv6Address: '2001:db8::1/64' }),
  node('b', '192.0.2.2/24', { ipv6Address: '2001:db8::2/64', asNumber: 64513 }),
  node('c', '192.0.2.3/24', { routeReflectorClusterID: '192.0.2.254' }),
  pool('plain', '198.51.100.0/24'),
  pool('tunnel', '198.51.101.0/24', { ipipMode: 'CrossSubnet' }),
  filter('f', { importV4: [{ action: 'Accept', interface: 'eth0' }], exportV6: [{ action: 'Reject' }] }),
  peer('to-b', { peerSelector: 'all()', nodeSelector: 'has(rack)', filters: ['f'] }),
  peer('to-workloads', { localWorkloadSelector: 'all()', asNumber: 64514 }),
  block(SELF, '198.51.100.0/26'),
];

/** Ranges in which the services' addresses lie. */
export const SERVICE_RANGES: Entry = configuration('default', {
  serviceClusterIPs: [{ cidr: '0.0.0.0/1' }, { cidr: '::/1' }],
  serviceExternalIPs: [{ cidr: '128.0.0.0/1' }],
  serviceLoadBalancerIPs: [{ cidr: '203.0.113.0/24' }],
  serviceLoadBalancerAggregation: 'Disabled',
});

const address4 = (n: number, first: number): string => `${first}.${(n >> 14) & 127}.${(n >> 7) & 127}.${(n & 127) + 1}`;
const address6 = (n: number): string => `2001:db8:ffff::${(n + 1).toString(16)}`;
const json = (value: unknown): string => JSON.stringify(value);

/** Gives the original an address of its own where it has one, or it would be another's duplicate and show nowhere. */
function ofItsOwn(kind: Kind, original: unknown, n: number): unknown {
  const set = (value: unknown, path: readonly Step[], field: unknown) => withField(value, path, field);
  if (kind === 'Node')
    return set(
      set(original, ['spec', 'bgp', 'ipv4Address'], `${address4(n, 10)}/8`),
      ['spec', 'bgp', 'ipv6Address'],
      address6(n),
    );
  if (kind === 'IPPool')
    return set(original, ['spec', 'cidr'], n % 4 === 0 ? `${address6(n)}/128` : `${address4(n, 11)}/32`);
  if (kind === 'WorkloadStatus')
    return set(set(original, ['bgpPeerName'], 'to-workloads'), ['ipv4Nets'], [`${address4(n, 12)}/32`]);
  if (kind === 'EndpointSlice')
    return set(original, ['metadata', 'labels'], { 'kubernetes.io/service-name': `f-${n}` });
  if (kind !== 'BGPPeer') return original;
  const text = json(original);
  if (/"(peerSelector|localWorkloadSelector)"/.test(text)) return original;
  return set(original, ['spec', 'peerIP'], n % 3 === 0 ? address6(n) : address4(n, 13));
}

const secured = (n: number): Entry =>
  peer(`g-${n}`, {
    peerIP: address4(n, 14),
    asNumber: 64512,
    password: { secretKeyRef: { name: `f-${n}`, key: 'app' } },
  });
const SLICE = (n: number): Entry => [
  `${kubernetesPrefix('EndpointSlice')}default/g-${n}`,
  json({
    metadata: { labels: { 'kubernetes.io/service-name': `f-${n}` } },
    addressType: 'IPv4',
    endpoints: [{ nodeName: SELF, conditions: { ready: true } }],
  }),
];
const SERVICE = (n: number): Entry => [
  `${kubernetesPrefix('Service')}default/f-${n}`,
  json({
    spec: { type: 'ClusterIP', clusterIP: address4(n, 15), clusterIPs: [address4(n, 15)], ipFamilies: ['IPv4'] },
  }),
];

/** Where the `n`th subject of a batch stands; names of those of which a cluster has one are `only`. */
export function subjectOf(kind: Kind, original: unknown, n: number, only: string): Subject {
  const base = ofItsOwn(kind, original, n);
  const at = (prefix: string, key: string, ...beside: Entry[]): Subject => ({ kind, key, base, beside, prefix });
  switch (kind) {
    case 'BlockAffinity':
      return at(affinityPrefix(SELF), affinityKey(SELF, n % 3 === 0 ? `${address6(n)}/128` : `${address4(n, 16)}/32`));
    case 'Service':
      return at(kubernetesPrefix('Service'), SERVICE(n)[0], SLICE(n));
    case 'EndpointSlice':
      return at(kubernetesPrefix('EndpointSlice'), SLICE(n)[0], SERVICE(n));
    case 'Secret':
      return at(kubernetesPrefix('Secret'), kubernetesSecretKey('kube-system', `f-${n}`), secured(n));
    case 'WorkloadStatus':
      return at(STATUS_FILES, `${STATUS_FILES}f-${n}`);
    case 'BGPConfiguration':
    case 'ClusterInformation':
      return at(resourcePrefix(kind), resourceKey(kind, only));
    case 'BGPFilter':
      return at(
        resourcePrefix(kind),
        resourceKey(kind, `f-${n}`),
        peer(`g-${n}`, { peerIP: n % 2 === 0 ? address4(n, 17) : address6(n), asNumber: 64512, filters: [`f-${n}`] }),
      );
    default:
      return at(
        resourcePrefix(kind satisfies ResourceKind),
        resourceKey(kind, kind === 'Node' && only === SELF ? SELF : `f-${n}`),
      );
  }
}

/** A password file, and the peer that wants it. */
export const passwordFile = (
  n: number,
): { readonly key: string; readonly beside: readonly Entry[]; readonly prefix: string } => ({
  key: secretFileKey(`f-${n}`, 'app'),
  beside: [secured(n)],
  prefix: SECRET_FILES,
});
