import { resourceKey } from '../core/keys.ts';
import { byBytesOf } from '../core/order.ts';
import type { BgpConfiguration } from '../datamodel/bgp-configuration.ts';
import type { Node } from '../datamodel/node.ts';
import type { Resources } from '../datamodel/resources.ts';
import type { AsNumber } from '../datamodel/values.ts';

/** The AS of a cluster that names none (spec calico-v3, 2.1). */
const DEFAULT_AS = 64512 as AsNumber;

/** The answers that rules about several nodes ask for: defaults applied, nodes in the order of their names. */
export interface Cluster {
  readonly defaults: BgpConfiguration | null;
  readonly asNumber: AsNumber;
  readonly nodes: readonly Node[];
  /** The node's own BGPConfiguration, `node.<name>`. */
  configurationOf(node: string): BgpConfiguration | null;
  /** Own listen port, else the cluster's, else 0 (spec 2.4). */
  listenPortOf(node: string): number;
  asNumberOf(node: Node): AsNumber;
}

export function clusterOf(resources: Resources): Cluster {
  const configuration = (name: string) =>
    resources.bgpConfigurations.get(resourceKey('BGPConfiguration', name)) ?? null;
  const defaults = configuration('default');
  const asNumber = defaults?.asNumber ?? DEFAULT_AS;
  const configurationOf = (node: string) => configuration(`node.${node}`);
  return {
    defaults,
    asNumber,
    nodes: [...resources.nodes.values()].sort(byBytesOf((node) => node.name)),
    configurationOf,
    listenPortOf: (node) => configurationOf(node)?.listenPort ?? defaults?.listenPort ?? 0,
    asNumberOf: (node) => node.asNumber ?? asNumber,
  };
}
