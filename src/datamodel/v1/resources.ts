import { affinityPrefix, splitKey, V1_GLOBAL, V1_HOSTS, v1PoolPrefix } from '../../core/keys.ts';
import { byBytesOf } from '../../core/order.ts';
import type { Snapshot } from '../../datastore/datastore.ts';
import { type BgpConfiguration, toBgpConfiguration } from '../bgp-configuration.ts';
import { type BlockAffinity, blockOfKey } from '../block-affinity.ts';
import { type DecodeValue, EntriesDecoder, type LastGood } from '../decode-entries.ts';
import { UNANNOTATED } from '../envelope.ts';
import { INVALID } from '../field.ts';
import type { CustomFilter, DecodedResources, Resources } from '../resources.ts';
import type { AsNumber } from '../values.ts';
import type { Fact } from './fact.ts';
import { decodeV1Global } from './global.ts';
import { decodeV1Host } from './host.ts';
import { type OwnAddresses, V1Nodes } from './nodes.ts';
import { decodeV1Pool } from './pool.ts';

/** The AS of a cluster that names none: libcalico-go's, which also writes the nodes' networks, or pycalico's (spec calico-v1, 1). */
const DEFAULT_AS = { withNetworks: 64512, before: 64511 } as const;

type Facts = ReadonlyMap<string, Fact>;

/** Only that it is there counts, whatever its value. */
const blockOf =
  (node: string): DecodeValue<BlockAffinity> =>
  (key, _value, faults) => {
    const cidr = blockOfKey(node, key, faults);
    return cidr === INVALID ? INVALID : { key, cidr, state: 'confirmed' };
  };

const find = <K extends Fact['kind']>(facts: Iterable<Fact>, kind: K): Extract<Fact, { kind: K }> | undefined => {
  for (const each of facts) if (each.kind === kind) return each as Extract<Fact, { kind: K }>;
  return undefined;
};

/** What no BGPConfiguration says. */
const unset = (key: string, name: string): BgpConfiguration =>
  toBgpConfiguration(key, name, { metadata: UNANNOTATED, spec: null });

/** The cluster's BGPConfiguration, `default`, with v0.22's defaults, and one for each node with a log level. */
function configurations(globals: Facts, hosts: Facts): ReadonlyMap<string, BgpConfiguration> {
  const isLater = find(hosts.values(), 'network') !== undefined;
  const asNumber = (isLater ? DEFAULT_AS.withNetworks : DEFAULT_AS.before) as AsNumber;
  const cluster: BgpConfiguration = {
    ...unset(V1_GLOBAL, 'default'),
    asNumber: find(globals.values(), 'as-number')?.asNumber ?? asNumber,
    meshEnabled: find(globals.values(), 'mesh')?.enabled ?? true,
    logSeverity: find(globals.values(), 'log-level')?.logSeverity ?? null,
  };
  const own = [...hosts].flatMap(([key, each]): readonly BgpConfiguration[] => {
    if (each.kind !== 'log-level') return [];
    return [{ ...unset(key, `node.${splitKey(V1_HOSTS, key).first}`), logSeverity: each.logSeverity }];
  });
  return new Map([cluster, ...own].map((configuration) => [configuration.name, configuration]));
}

const customFilters = (globals: Facts): readonly CustomFilter[] =>
  [...globals]
    .flatMap(([key, each]) => (each.kind === 'custom-filter' ? [{ key, family: each.family, text: each.text }] : []))
    .sort(byBytesOf(({ key }) => key));

const peers = (facts: Facts) =>
  [...facts.values()].flatMap((each) => (each.kind === 'peer' ? [[each.peer.key, each.peer] as const] : []));

const NONE = {
  bgpFilters: new Map(),
  clusterInformations: new Map(),
  services: new Map(),
  endpointSlices: new Map(),
  secrets: new Map(),
  secretFiles: new Map(),
  workloads: new Map(),
} as const satisfies Partial<Resources>;

/**
 * Decodes snapshots in the v1 layout for one node, into the same resources as today's layout: hosts become Nodes, global keys the
 * BGPConfiguration `default`, peers BGPPeers. The maps' keys are the data's own, but BGPConfigurations go by name. `lastGood` as in
 * ResourcesDecoder.
 */
export class V1ResourcesDecoder {
  readonly #globals: EntriesDecoder<Fact>;
  readonly #hosts: EntriesDecoder<Fact>;
  readonly #pools: Readonly<
    Record<4 | 6, EntriesDecoder<Resources['ipPools'] extends ReadonlyMap<string, infer T> ? T : never>>
  >;
  readonly #blocks: EntriesDecoder<BlockAffinity>;
  readonly #nodes: V1Nodes;
  readonly #nodeName: string;
  readonly #results = new WeakMap<Snapshot, DecodedResources>();

  constructor(own: OwnAddresses, lastGood: LastGood) {
    const isText = { isText: true };
    this.#globals = new EntriesDecoder(decodeV1Global, lastGood, isText);
    this.#hosts = new EntriesDecoder(decodeV1Host, lastGood, isText);
    this.#pools = {
      4: new EntriesDecoder(decodeV1Pool(4), lastGood, isText),
      6: new EntriesDecoder(decodeV1Pool(6), lastGood, isText),
    };
    this.#blocks = new EntriesDecoder(blockOf(own.nodeName), lastGood, isText);
    this.#nodes = new V1Nodes(own);
    this.#nodeName = own.nodeName;
  }

  decode(snapshot: Snapshot): DecodedResources {
    const known = this.#results.get(snapshot);
    if (known) return known;
    const globals = this.#globals.decode(snapshot.entries(V1_GLOBAL));
    const hosts = this.#hosts.decode(snapshot.entries(V1_HOSTS));
    const [pools4, pools6] = ([4, 6] as const).map((family) =>
      this.#pools[family].decode(snapshot.entries(v1PoolPrefix(family))),
    );
    const blocks = this.#blocks.decode(snapshot.entries(affinityPrefix(this.#nodeName)));
    const all = [globals, hosts, pools4!, pools6!, blocks];
    const result: DecodedResources = {
      resources: {
        ...NONE,
        nodes: this.#nodes.from(hosts.values),
        bgpConfigurations: configurations(globals.values, hosts.values),
        ipPools: new Map([...pools4!.values, ...pools6!.values]),
        bgpPeers: new Map([...peers(globals.values), ...peers(hosts.values)]),
        blockAffinities: blocks.values,
      },
      customFilters: customFilters(globals.values),
      diagnostics: all.flatMap((part) => part.diagnostics),
      lastGood: new Map(all.flatMap((part) => [...part.lastGood])),
      neverValid: new Set(all.flatMap((part) => part.neverValid)),
    };
    this.#results.set(snapshot, result);
    return result;
  }
}
