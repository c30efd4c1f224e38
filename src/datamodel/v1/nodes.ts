import type { IpAddress } from '../../core/ip-address.ts';
import { splitKey, V1_HOSTS } from '../../core/keys.ts';
import type { Node } from '../node.ts';
import type { NodeAddress } from '../values.ts';
import type { Fact } from './fact.ts';

/** What IP and IP6 say of the own node; null = nothing. */
export interface OwnAddresses {
  readonly nodeName: string;
  readonly addresses: Readonly<Record<4 | 6, IpAddress | null>>;
}

/** The same facts give the same Node, so that what was made of it is found again. */
interface Remembered {
  readonly facts: readonly Fact[];
  readonly node: Node;
}

function addressOf(facts: readonly Fact[], family: 4 | 6, given: IpAddress | null): NodeAddress | null {
  const of = (kind: 'address' | 'network') => facts.find((each) => each.kind === kind && each.family === family);
  const [told, around] = [of('address'), of('network')];
  const address = given ?? (told?.kind === 'address' ? told.address : null);
  if (!address) return null;
  return { text: address.text, subnet: around?.kind === 'network' ? around.network.text : address.text };
}

function toNode(name: string, facts: readonly Fact[], given: OwnAddresses['addresses'] | null): Node {
  const as = facts.find((each) => each.kind === 'as-number');
  return {
    key: V1_HOSTS + name,
    name,
    labels: new Map(),
    wireguard: { 4: false, 6: false },
    podCidrs: [],
    ipv4Address: addressOf(facts, 4, given?.[4] ?? null),
    ipv6Address: addressOf(facts, 6, given?.[6] ?? null),
    asNumber: as?.kind === 'as-number' ? as.asNumber : null,
    routeReflectorClusterID: null,
  };
}

/**
 * The nodes of the v1 layout, each put together from its keys. A node is there when any of them is, and the own one also when an
 * address of it is given; a given address counts before the datastore's (spec calico-v1, 2.2). A node without a `network_v4` has
 * its whole address for a network.
 */
export class V1Nodes {
  readonly #own: OwnAddresses;
  readonly #known = new Map<string, Remembered>();

  constructor(own: OwnAddresses) {
    this.#own = own;
  }

  /** Under `V1_HOSTS` and the name. */
  from(facts: ReadonlyMap<string, Fact>): ReadonlyMap<string, Node> {
    const { nodeName, addresses } = this.#own;
    const byName = new Map<string, Fact[]>(addresses[4] || addresses[6] ? [[nodeName, []]] : []);
    for (const [key, each] of facts) {
      if (each.kind === 'other') continue;
      const { first: name } = splitKey(V1_HOSTS, key);
      const list = byName.get(name);
      if (list) list.push(each);
      else byName.set(name, [each]);
    }
    for (const name of this.#known.keys()) if (!byName.has(name)) this.#known.delete(name);
    return new Map([...byName].map(([name, list]) => [V1_HOSTS + name, this.#node(name, list)]));
  }

  #node(name: string, facts: readonly Fact[]): Node {
    const known = this.#known.get(name);
    if (known && known.facts.length === facts.length && known.facts.every((each) => facts.includes(each)))
      return known.node;
    const node = toNode(name, facts, name === this.#own.nodeName ? this.#own.addresses : null);
    this.#known.set(name, { facts, node });
    return node;
  }
}
