import { resourceKey } from '../core/keys.ts';
import { Sorter } from '../core/order.ts';
import type { BgpConfiguration } from '../datamodel/bgp-configuration.ts';
import type { Node } from '../datamodel/node.ts';
import type { ReleaseRules } from '../datamodel/release.ts';
import type { Resources } from '../datamodel/resources.ts';
import type { Selector } from '../datamodel/selector.ts';
import type { AsNumber } from '../datamodel/values.ts';
import { ofFamily } from './peer.ts';

/** The AS of a cluster that names none (spec calico-v3, 2.1). */
const DEFAULT_AS = 64512 as AsNumber;

/** The answers that rules about several nodes ask for: defaults applied, nodes in the order of their names. */
export interface Cluster {
  readonly rules: ReleaseRules;
  /** What the defaults, the nodes' own AS numbers aside, and the ports are read from. */
  readonly bgpConfigurations: Resources['bgpConfigurations'];
  readonly defaults: BgpConfiguration | null;
  readonly asNumber: AsNumber;
  readonly nodes: readonly Node[];
  /** Whether it is a BGP address of a node, in either family. */
  isNodeAddress(address: string): boolean;
  /** The node's own BGPConfiguration, `node.<name>`. */
  configurationOf(node: string): BgpConfiguration | null;
  /** Own listen port, else the cluster's, else 0 (spec 2.4). */
  listenPortOf(node: string): number;
  asNumberOf(node: Node): AsNumber;
  /** The nodes whose labels match, in order. */
  matching(selector: Selector): readonly Node[];
  /** The nodes at an address, with that AS, and, if a port is not 0, with that port (spec 2.4). */
  nodesAt(address: string, asNumber: AsNumber, port: number): readonly Node[];
}

/** The clusters made last, by their nodes: the same resources under the same rules are the same cluster, whichever node asks. */
const clusters = new WeakMap<Resources['nodes'], readonly Cluster[]>();

export function clusterOf(resources: Resources, rules: ReleaseRules): Cluster {
  const { nodes, bgpConfigurations } = resources;
  const known = clusters.get(nodes)?.filter((cluster) => cluster.bgpConfigurations === bgpConfigurations) ?? [];
  const found = known.find((cluster) => cluster.rules === rules) ?? makeCluster(resources, rules);
  clusters.set(nodes, [found, ...known.filter((cluster) => cluster !== found)]);
  return found;
}

const OF_NODE = resourceKey('BGPConfiguration', 'node.');

function nodesByAddress(nodes: readonly Node[]): ReadonlyMap<string, readonly Node[]> {
  const found = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const address of [ofFamily(4, node), ofFamily(6, node)]) {
      if (address === null) continue;
      const there = found.get(address);
      if (there) there.push(node);
      else found.set(address, [node]);
    }
  }
  return found;
}

const byName = new Sorter<Node>(({ name }) => name);

function makeCluster(resources: Resources, rules: ReleaseRules): Cluster {
  // By the node's name: thousands of keys need not be put together to find that there is none.
  const ofNodes = new Map(
    [...resources.bgpConfigurations].flatMap(([key, value]) =>
      key.startsWith(OF_NODE) ? [[key.slice(OF_NODE.length), value]] : [],
    ),
  );
  const configurationOf = (node: string) => ofNodes.get(node) ?? null;
  const defaults = resources.bgpConfigurations.get(resourceKey('BGPConfiguration', 'default')) ?? null;
  const asNumber = defaults?.asNumber ?? DEFAULT_AS;
  const asNumberOf = (node: Node) => node.asNumber ?? asNumber;
  const nodes = byName.sort([...resources.nodes.values()]);
  // Made only where BGPPeers name addresses.
  let addresses: ReadonlyMap<string, readonly Node[]> | null = null;
  const byAddress = () => {
    addresses ??= nodesByAddress(nodes);
    return addresses;
  };
  const matches = new Map<string, readonly Node[]>();
  // Quirk of spec 9.8, kept: a global port that differs refuses even a node whose own port is the right one.
  const portAgrees = (node: Node, port: number): boolean =>
    [configurationOf(node.name)?.listenPort, defaults?.listenPort].every((own) => !own || own === port);
  return {
    rules,
    bgpConfigurations: resources.bgpConfigurations,
    defaults,
    asNumber,
    nodes,
    isNodeAddress: (address) => byAddress().has(address),
    configurationOf,
    listenPortOf: (node) => configurationOf(node)?.listenPort ?? defaults?.listenPort ?? 0,
    asNumberOf,
    matching: (selector) => {
      const known = matches.get(selector.text) ?? nodes.filter(({ labels }) => selector.matches(labels));
      matches.set(selector.text, known);
      return known;
    },
    nodesAt: (address, wanted, port) =>
      (byAddress().get(address) ?? []).filter(
        (node) => asNumberOf(node) === wanted && (port === 0 || portAgrees(node, port)),
      ),
  };
}
