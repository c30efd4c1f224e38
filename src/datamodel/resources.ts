import { type Diagnostic, show } from '../core/diagnostic.ts';
import { parseCidr } from '../core/ip-address.ts';
import { affinityCidr, affinityPrefix, type ResourceKind, resourceName, resourcePrefix } from '../core/keys.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import {
  type BgpConfiguration,
  bgpConfigurationFields,
  isBgpConfigurationName,
  toBgpConfiguration,
} from './bgp-configuration.ts';
import { type BgpPeer, bgpPeerFields, toBgpPeer } from './bgp-peer.ts';
import { type BlockAffinity, blockAffinityFields, toBlockAffinity } from './block-affinity.ts';
import { type DecodeValue, EntriesDecoder, type LastGood } from './decode-entries.ts';
import { type Field, INVALID } from './field.ts';
import { type IpPool, ipPoolFields, toIpPool } from './ip-pool.ts';
import { type Node, nodeFields, toNode } from './node.ts';
import { isResourceName } from './values.ts';

/** Everything that the BGP rules read, typed. Each map by datastore key, in no order: the rules sort where they build. */
export interface Resources {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly bgpConfigurations: ReadonlyMap<string, BgpConfiguration>;
  readonly ipPools: ReadonlyMap<string, IpPool>;
  readonly bgpPeers: ReadonlyMap<string, BgpPeer>;
  readonly blockAffinities: ReadonlyMap<string, BlockAffinity>;
}

export interface DecodedResources {
  readonly resources: Resources;
  readonly diagnostics: readonly Diagnostic[];
  readonly lastGood: LastGood;
}

/** The schema of each kind, for the tests that try every field. */
export const SCHEMAS = {
  Node: nodeFields,
  BGPConfiguration: bgpConfigurationFields,
  IPPool: ipPoolFields,
  BGPPeer: bgpPeerFields,
  BlockAffinity: blockAffinityFields,
} as const;

function ofKind<F, T>(
  kind: ResourceKind,
  fields: Field<F>,
  make: (key: string, name: string, decoded: F) => T,
): DecodeValue<T> {
  return (key, value, faults) => {
    const name = resourceName(kind, key);
    if (name === null || !isResourceName(name)) {
      const message = `expected a resource name of letters, digits, ".", "-" and "_", found ${show(name ?? key)}`;
      faults.push({ severity: 'error', code: 'invalid-name', path: [], message });
      return INVALID;
    }
    if (kind === 'BGPConfiguration' && !isBgpConfigurationName(name)) {
      const message = 'a BGPConfiguration is named "default" or "node.<node name>": this one has no effect';
      faults.push({ severity: 'warning', code: 'unused-name', path: [], message });
    }
    const decoded = fields.decode(value, [], faults);
    return decoded === INVALID ? INVALID : make(key, name, decoded);
  };
}

const affinityOf =
  (node: string): DecodeValue<BlockAffinity> =>
  (key, value, faults) => {
    const found = affinityCidr(node, key);
    const cidr = found && parseCidr(found.cidr);
    if (!found || cidr?.family !== found.family) {
      const message = `expected …/ipv4/block/<address>-<length> or …/ipv6/block/<address>-<length>, found ${show(key)}`;
      faults.push({ severity: 'error', code: 'invalid-key', path: [], message });
      return INVALID;
    }
    const decoded = blockAffinityFields.decode(value, [], faults);
    return decoded === INVALID ? INVALID : toBlockAffinity(key, cidr, decoded);
  };

/**
 * Decodes snapshots for one node, each key once (see EntriesDecoder). `lastGood` is the ledger's, from before this start;
 * what each result carries goes back into it.
 */
export class ResourcesDecoder {
  readonly #nodes: EntriesDecoder<Node>;
  readonly #configurations: EntriesDecoder<BgpConfiguration>;
  readonly #pools: EntriesDecoder<IpPool>;
  readonly #peers: EntriesDecoder<BgpPeer>;
  readonly #affinities: EntriesDecoder<BlockAffinity>;
  readonly #affinityPrefix: string;
  readonly #results = new WeakMap<Snapshot, DecodedResources>();

  constructor(node: string, lastGood: LastGood) {
    this.#nodes = new EntriesDecoder(ofKind('Node', nodeFields, toNode), lastGood);
    this.#configurations = new EntriesDecoder(
      ofKind('BGPConfiguration', bgpConfigurationFields, toBgpConfiguration),
      lastGood,
    );
    this.#pools = new EntriesDecoder(ofKind('IPPool', ipPoolFields, toIpPool), lastGood);
    this.#peers = new EntriesDecoder(ofKind('BGPPeer', bgpPeerFields, toBgpPeer), lastGood);
    this.#affinities = new EntriesDecoder(affinityOf(node), lastGood);
    this.#affinityPrefix = affinityPrefix(node);
  }

  decode(snapshot: Snapshot): DecodedResources {
    const known = this.#results.get(snapshot);
    if (known) return known;
    const under = (kind: ResourceKind) => snapshot.entries(resourcePrefix(kind));
    const nodes = this.#nodes.decode(under('Node'));
    const bgpConfigurations = this.#configurations.decode(under('BGPConfiguration'));
    const ipPools = this.#pools.decode(under('IPPool'));
    const bgpPeers = this.#peers.decode(under('BGPPeer'));
    const blockAffinities = this.#affinities.decode(snapshot.entries(this.#affinityPrefix));
    const all = [nodes, bgpConfigurations, ipPools, bgpPeers, blockAffinities];
    const result: DecodedResources = {
      resources: {
        nodes: nodes.values,
        bgpConfigurations: bgpConfigurations.values,
        ipPools: ipPools.values,
        bgpPeers: bgpPeers.values,
        blockAffinities: blockAffinities.values,
      },
      diagnostics: all.flatMap((part) => part.diagnostics),
      lastGood: new Map(all.flatMap((part) => [...part.lastGood])),
    };
    this.#results.set(snapshot, result);
    return result;
  }
}
