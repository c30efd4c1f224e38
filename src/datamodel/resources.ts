import { type Diagnostic, show } from '../core/diagnostic.ts';
import {
  affinityPrefix,
  type KubernetesKind,
  kubernetesPrefix,
  type ResourceKind,
  resourceName,
  resourcePrefix,
  SECRET_FILES,
  STATUS_FILES,
} from '../core/keys.ts';
import { Secret } from '../core/secret.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import {
  type BgpConfiguration,
  bgpConfigurationFields,
  isBgpConfigurationName,
  toBgpConfiguration,
} from './bgp-configuration.ts';
import { type BgpFilter, bgpFilterFields, toBgpFilter } from './bgp-filter.ts';
import { type BgpPeer, bgpPeerFields, toBgpPeer } from './bgp-peer.ts';
import { type BlockAffinity, blockAffinityFields, blockOfKey, toBlockAffinity } from './block-affinity.ts';
import { type DecodeValue, EntriesDecoder, type EntriesOptions, type LastGood } from './decode-entries.ts';
import { type Field, INVALID } from './field.ts';
import { type IpPool, ipPoolFields, toIpPool } from './ip-pool.ts';
import { type Node, nodeFields, toNode } from './node.ts';
import { type ClusterInformation, clusterInformationFields, toClusterInformation } from './release.ts';
import { type SecretValues, secretFields, toSecretValues } from './secret.ts';
import {
  type EndpointSlice,
  endpointSliceFields,
  type Service,
  serviceFields,
  toEndpointSlice,
  toService,
} from './service.ts';
import { isResourceName } from './values.ts';
import { toWorkloadStatus, type WorkloadStatus, workloadStatusFields } from './workload-status.ts';

/** Everything that the BGP rules read, typed. Each map by datastore key, in no order: the rules sort where they build. */
export interface Resources {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly bgpConfigurations: ReadonlyMap<string, BgpConfiguration>;
  readonly ipPools: ReadonlyMap<string, IpPool>;
  readonly bgpPeers: ReadonlyMap<string, BgpPeer>;
  readonly bgpFilters: ReadonlyMap<string, BgpFilter>;
  readonly clusterInformations: ReadonlyMap<string, ClusterInformation>;
  readonly blockAffinities: ReadonlyMap<string, BlockAffinity>;
  readonly services: ReadonlyMap<string, Service>;
  readonly endpointSlices: ReadonlyMap<string, EndpointSlice>;
  readonly secrets: ReadonlyMap<string, SecretValues>;
  readonly secretFiles: ReadonlyMap<string, Secret>;
  readonly workloads: ReadonlyMap<string, WorkloadStatus>;
}

/** Raw BIRD text for the filter before the neighbors, of the v1 layout only (spec calico-v1, 2.7). */
export interface CustomFilter {
  readonly key: string;
  readonly family: 4 | 6;
  readonly text: string;
}

export interface DecodedResources {
  readonly resources: Resources;
  /** In the order of their keys; none in today's layout. */
  readonly customFilters: readonly CustomFilter[];
  readonly diagnostics: readonly Diagnostic[];
  readonly lastGood: LastGood;
  /** Keys of resources that are there but never were valid: what refers to them must not take them for absent. */
  readonly neverValid: ReadonlySet<string>;
}

/** The schema of each kind, for the tests that try every field. */
export const SCHEMAS = {
  Node: nodeFields,
  BGPConfiguration: bgpConfigurationFields,
  IPPool: ipPoolFields,
  BGPPeer: bgpPeerFields,
  BGPFilter: bgpFilterFields,
  ClusterInformation: clusterInformationFields,
  BlockAffinity: blockAffinityFields,
  Service: serviceFields,
  EndpointSlice: endpointSliceFields,
  Secret: secretFields,
  WorkloadStatus: workloadStatusFields,
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
    const decoded = fields.decode(value, faults);
    return decoded === INVALID ? INVALID : make(key, name, decoded);
  };
}

const affinityOf =
  (node: string): DecodeValue<BlockAffinity> =>
  (key, value, faults) => {
    const cidr = blockOfKey(node, key, faults);
    if (cidr === INVALID) return INVALID;
    const decoded = blockAffinityFields.decode(value, faults);
    return decoded === INVALID ? INVALID : toBlockAffinity(key, cidr, decoded);
  };

/** A value that carries its own name, or needs none. */
const plain =
  <F, T>(fields: Field<F>, make: (key: string, decoded: F) => T): DecodeValue<T> =>
  (key, value, faults) => {
    const decoded = fields.decode(value, faults);
    return decoded === INVALID ? INVALID : make(key, decoded);
  };

/** A Kubernetes object, which stands under `<namespace>/<name>` of its kind and nowhere else. */
const namespaced =
  <F, T>(prefix: string, fields: Field<F>, make: (key: string, decoded: F) => T): DecodeValue<T> =>
  (key, value, faults) => {
    if (/^[^/]+\/[^/]+$/.test(key.slice(prefix.length))) return plain(fields, make)(key, value, faults);
    const message = `expected ${prefix}<namespace>/<name>, found ${show(key)}`;
    faults.push({ severity: 'error', code: 'invalid-key', path: [], message });
    return INVALID;
  };

/** A password file as it lies there, less the newline that editors leave at its end. */
const secretFile: DecodeValue<Secret> = (_key, value) => new Secret(String(value).replace(/\r?\n$/, ''));

interface Part<T> {
  readonly prefix: string;
  readonly decoder: EntriesDecoder<T>;
}

type Parts = { readonly [K in keyof Resources]: Part<Resources[K] extends ReadonlyMap<string, infer T> ? T : never> };

/** Where each kind stands, and how it is decoded. */
function partsFor(node: string, lastGood: LastGood): Parts {
  const part = <T>(prefix: string, decode: DecodeValue<T>, options: EntriesOptions = {}): Part<T> => ({
    prefix,
    decoder: new EntriesDecoder(decode, lastGood, options),
  });
  const resource = <F, T>(kind: ResourceKind, fields: Field<F>, make: (key: string, name: string, decoded: F) => T) =>
    part(resourcePrefix(kind), ofKind(kind, fields, make));
  // Kubernetes objects and files are watched beside the datastore; a Secret is copied nowhere, so not into the ledger either.
  const beside = { keepsLastGood: false };
  const kubernetes = <F, T>(kind: KubernetesKind, fields: Field<F>, make: (key: string, decoded: F) => T) => {
    const prefix = kubernetesPrefix(kind);
    return part(prefix, namespaced(prefix, fields, make), beside);
  };
  return {
    nodes: resource('Node', nodeFields, toNode),
    bgpConfigurations: resource('BGPConfiguration', bgpConfigurationFields, toBgpConfiguration),
    ipPools: resource('IPPool', ipPoolFields, toIpPool),
    bgpPeers: resource('BGPPeer', bgpPeerFields, toBgpPeer),
    bgpFilters: resource('BGPFilter', bgpFilterFields, toBgpFilter),
    clusterInformations: resource('ClusterInformation', clusterInformationFields, toClusterInformation),
    blockAffinities: part(affinityPrefix(node), affinityOf(node)),
    services: kubernetes('Service', serviceFields, toService),
    endpointSlices: kubernetes('EndpointSlice', endpointSliceFields, toEndpointSlice),
    secrets: kubernetes('Secret', secretFields, (_, given) => toSecretValues(given)),
    secretFiles: part(SECRET_FILES, secretFile, { ...beside, isText: true }),
    workloads: part(STATUS_FILES, plain(workloadStatusFields, toWorkloadStatus), beside),
  };
}

/**
 * Decodes snapshots for one node, each key once (see EntriesDecoder). `lastGood` is the ledger's, from before this start;
 * what each result carries goes back into it.
 */
export class ResourcesDecoder {
  #parts: Parts;
  readonly #results = new WeakMap<Snapshot, DecodedResources>();

  constructor(node: string, lastGood: LastGood) {
    this.#parts = partsFor(node, lastGood);
  }

  /**
   * A decoder for another node that shares this one's parts, but for what is the node's own, so that a key is decoded once for all of
   * them. All of them have to be given the same snapshots in the same order.
   */
  forNode(node: string): ResourcesDecoder {
    const other = new ResourcesDecoder(node, new Map());
    other.#parts = { ...this.#parts, blockAffinities: other.#parts.blockAffinities };
    return other;
  }

  decode(snapshot: Snapshot): DecodedResources {
    const known = this.#results.get(snapshot);
    if (known) return known;
    const decoded = Object.entries(this.#parts).map(
      ([name, { prefix, decoder }]) => [name, decoder.decode(snapshot.entries(prefix))] as const,
    );
    const all = decoded.map(([, part]) => part);
    const result: DecodedResources = {
      resources: Object.fromEntries(decoded.map(([name, { values }]) => [name, values])) as unknown as Resources,
      customFilters: [],
      diagnostics: all.flatMap((part) => part.diagnostics),
      lastGood: new Map(all.flatMap((part) => [...part.lastGood])),
      neverValid: new Set(all.flatMap((part) => [...part.neverValid])),
    };
    this.#results.set(snapshot, result);
    return result;
  }
}
