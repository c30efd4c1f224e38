import { resourceKey } from '../../src/core/keys.ts';
import { APPROVE } from '../../src/datamodel/approval.ts';
import { node, SMALL_CLUSTER } from './cluster.ts';

/** BGPConfiguration `default` with the annotation `birdconfd/approve`. */
export const approving = (text: string, spec: Readonly<Record<string, unknown>> = {}) =>
  [
    resourceKey('BGPConfiguration', 'default'),
    JSON.stringify({
      kind: 'BGPConfiguration',
      apiVersion: 'projectcalico.org/v3',
      metadata: { name: 'default', annotations: { [APPROVE]: text } },
      spec,
    }),
  ] as const;

/** ClusterInformation as a Calico of that version writes it. */
export const ofRelease = (calicoVersion: string) =>
  [
    resourceKey('ClusterInformation', 'default'),
    JSON.stringify({
      kind: 'ClusterInformation',
      apiVersion: 'projectcalico.org/v3',
      metadata: { name: 'default' },
      spec: { calicoVersion },
    }),
  ] as const;

/** The session that node-a has with the node of that number. */
export const meshWith = (n: number): string => `Mesh_192_0_2_${n}`;

/** The small cluster, with `count` nodes more: node-10 and so on, at 192.0.2.10 and so on. */
export const clusterOf = (count: number): readonly (readonly [string, string])[] => [
  ...SMALL_CLUSTER,
  ...Array.from({ length: count }, (_, i) => node(`node-${i + 10}`, `192.0.2.${i + 10}/24`)),
];
