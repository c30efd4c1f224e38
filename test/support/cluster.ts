import { affinityKey, type ResourceKind, resourceKey } from '../../src/core/keys.ts';

const resource = (kind: ResourceKind, name: string, spec: unknown) =>
  [
    resourceKey(kind, name),
    JSON.stringify({ kind, apiVersion: 'projectcalico.org/v3', metadata: { name }, spec }),
  ] as const;

/** Datastore entries, key and value, as calicoctl writes them. */
export const node = (name: string, ipv4Address: string, more: Readonly<Record<string, unknown>> = {}) =>
  resource('Node', name, { bgp: { ipv4Address, ...more } });
export const pool = (name: string, cidr: string, more: Readonly<Record<string, unknown>> = {}) =>
  resource('IPPool', name, { cidr, ...more });
export const peer = (name: string, spec: Readonly<Record<string, unknown>>) => resource('BGPPeer', name, spec);
export const filter = (name: string, spec: Readonly<Record<string, unknown>>) => resource('BGPFilter', name, spec);
export const configuration = (name: string, spec: Readonly<Record<string, unknown>>) =>
  resource('BGPConfiguration', name, spec);
export const information = (calicoVersion: string) => resource('ClusterInformation', 'default', { calicoVersion });
export const block = (nodeName: string, cidr: string, state = 'confirmed') =>
  [affinityKey(nodeName, cidr), JSON.stringify({ state, deleted: false })] as const;

/** Three nodes in a full mesh, a pool and a block of the first one's, under the newest rules. */
export const SMALL_CLUSTER = [
  information('v3.33.0'),
  node('node-a', '192.0.2.1/24'),
  node('node-b', '192.0.2.2/24'),
  node('node-c', '192.0.2.3/24'),
  pool('pool-1', '198.51.100.0/24'),
  block('node-a', '198.51.100.0/26'),
] as const;
