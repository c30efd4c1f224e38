import {
  AFFINITIES,
  kubernetesPrefix,
  PLURALS,
  type ResourceKind,
  resourceName,
  resourcePrefix,
  SECRET_FILES,
  V1_HOSTS,
} from '../../core/keys.ts';
import { byBytes } from '../../core/order.ts';
import { AddressMap } from './anonymise-address.ts';
import type { Values } from './redact-values.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Fields that say nothing to BGP, and much about whose they are. */
const PRIVATE = new Set(['description', 'annotations', 'clusterGUID', 'wireguardPublicKey', 'wireguardPublicKeyV6']);

/** What stands for names of each kind. */
const WORDS: Readonly<Record<ResourceKind, string>> = {
  Node: 'node',
  BGPPeer: 'peer',
  BGPFilter: 'filter',
  IPPool: 'pool',
  BGPConfiguration: 'configuration',
  ClusterInformation: 'information',
};

/** Names that mean something by themselves. */
const MEANT = new Set(['default', 'kube-system', 'calico-system', 'true', 'false', '']);
/** Label keys that software, not an operator, has chosen, and whose values are read by rules. */
const WELL_KNOWN = /(^|\.)(kubernetes\.io|k8s\.io|projectcalico\.org)\//;
const ADDRESS =
  /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?:\/\d{1,3})?(?![\w.:])/g;
const SELECTOR = /selector$/i;
/** Fields that hold names; in others a text is a word of Calico's, whatever an operator has called something. */
const NAMING = new Set([
  'name',
  'namespace',
  'node',
  'filters',
  'nodeName',
  'kubernetesNodeName',
  'hostname',
  'bgpPeerName',
]);

/** Stand-ins of one kind, numbered in the order of the names, so that what is sorted by name stays in its order. */
class Names {
  readonly #names = new Map<string, string>();

  /** Names that were given before keep theirs. */
  add(word: string, names: Iterable<string>): void {
    const fresh = [...new Set(names)].filter((name) => !MEANT.has(name) && !this.#names.has(name)).sort(byBytes);
    const digits = String(fresh.length).length;
    for (const [i, name] of fresh.entries()) this.#names.set(name, `${word}-${String(i + 1).padStart(digits, '0')}`);
  }

  of(name: string): string {
    return this.#names.get(name) ?? name;
  }
}

const isMapping = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One capture on its way to be nobody's: names and addresses are replaced by the same ones wherever they stand. */
class Anonymiser {
  readonly #names = new Names();
  readonly #labels = new Names();
  /** Keys of Secrets. */
  readonly #keys = new Names();
  readonly #addresses: AddressMap;

  constructor(values: Values, key: Buffer) {
    this.#addresses = new AddressMap(key);
    const keys = [...values.keys()];
    for (const kind of Object.keys(PLURALS) as ResourceKind[]) {
      const own = keys.filter((each) => each.startsWith(resourcePrefix(kind)));
      const names = own.map((each) => resourceName(kind, each) ?? '').filter((name) => !name.startsWith('node.'));
      this.#names.add(WORDS[kind], names);
    }
    const segments = (prefix: string, at: number) =>
      keys.filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length).split('/')[at] ?? '');
    this.#names.add('host', [...segments(AFFINITIES, 0), ...segments(V1_HOSTS, 0)]);
    this.#names.add('secret', [...segments(SECRET_FILES, 0), ...segments(kubernetesPrefix('Secret'), 1)]);
    this.#names.add('service', segments(kubernetesPrefix('Service'), 1));
    this.#names.add('slice', segments(kubernetesPrefix('EndpointSlice'), 1));
    this.#names.add('namespace', [
      ...segments(kubernetesPrefix('Service'), 0),
      ...segments(kubernetesPrefix('EndpointSlice'), 0),
      ...segments(kubernetesPrefix('Secret'), 0),
    ]);
    const parsed = [...values.values()].map(parse);
    this.#names.add(
      'machine',
      parsed.flatMap((value) => found(value, ['nodeName', 'kubernetesNodeName', 'hostname', 'node'])),
    );
    const labels = parsed.flatMap((value) =>
      isMapping(value) && isMapping(value.metadata) ? labelsOf(value.metadata) : [],
    );
    const selectors = parsed.flatMap((value) => selectorsIn(value));
    this.#keys.add(
      'key',
      parsed.flatMap((value) => found(value, ['key'])),
    );
    this.#labels.add(
      'label',
      [...labels.map(([key]) => key), ...selectors.flatMap(keysOf)].filter((key) => !WELL_KNOWN.test(key)),
    );
    const texts = [...labels.map(([, value]) => String(value)), ...selectors.flatMap(stringsOf)];
    this.#names.add('value', texts);
  }

  key(key: string): string {
    if (key.startsWith(SECRET_FILES)) {
      const [name = '', file = ''] = key.slice(SECRET_FILES.length).split('/');
      return `${SECRET_FILES}${this.#names.of(name)}/${this.#keys.of(file)}`;
    }
    return key
      .split('/')
      .map((segment) => {
        const dashed = /^([0-9a-f.:]+)-(\d+)$/i.exec(segment);
        if (dashed) return this.#addresses.map(`${dashed[1]}/${dashed[2]}`).replace('/', '-');
        return this.text(segment);
      })
      .join('/');
  }

  value(value: string): string {
    const json = parse(value);
    return json === undefined ? this.text(value) : JSON.stringify(this.#json(json, ''));
  }

  #json(value: Json, field: string): Json {
    if (typeof value === 'string') return this.#string(value, field);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((each: Json) => this.#json(each, field));
    return Object.fromEntries(Object.entries(value).flatMap(([name, each]) => this.#member(field, name, each as Json)));
  }

  #string(value: string, field: string): string {
    if (SELECTOR.test(field)) return this.#selector(value);
    if (field === 'labels' || field === '' || NAMING.has(field)) return this.text(value);
    return this.#addressesIn(value);
  }

  /** `within`: the field whose mapping the member stands in. */
  #member(within: string, name: string, value: Json): readonly (readonly [string, Json])[] {
    if (within === 'data' || within === 'stringData') return [[this.#keys.of(name), value]];
    if (within === 'labels') return [[this.#labels.of(name), this.#json(value, 'labels')]];
    if (SELECTOR.test(within)) return [[this.#labels.of(name), this.#json(value, 'labels')]];
    if (PRIVATE.has(name)) return [];
    if (within === 'secretKeyRef' && name === 'key') return [[name, this.#keys.of(String(value))]];
    return [[name, this.#json(value, name)]];
  }

  text(text: string): string {
    const own = /^node\.(.+)$/.exec(text)?.[1];
    if (own !== undefined && this.#names.of(own) !== own) return `node.${this.#names.of(own)}`;
    const name = this.#names.of(text);
    return name === text ? this.#addressesIn(text) : name;
  }

  #addressesIn(text: string): string {
    return text.replace(ADDRESS, (address) => this.#addresses.map(address));
  }

  #selector(text: string): string {
    return text.replace(/"[^"]*"|'[^']*'|[A-Za-z0-9_./-]+/g, (token) => {
      const quote = /^["']/.exec(token)?.[0];
      return quote ? `${quote}${this.text(token.slice(1, -1))}${quote}` : this.#labels.of(token);
    });
  }
}

function parse(value: string): Json | undefined {
  try {
    return JSON.parse(value) as Json;
  } catch {
    return undefined;
  }
}

/** The labels of a resource whose keys an operator chose. */
const labelsOf = (metadata: { readonly [name: string]: Json }): readonly (readonly [string, Json])[] =>
  isMapping(metadata.labels) ? Object.entries(metadata.labels) : [];

/** Every string under one of these names, anywhere. */
function found(value: Json | undefined, names: readonly string[]): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    typeof each === 'string' && names.includes(name) ? [each] : found(each as Json, names),
  );
}

function selectorsIn(value: Json | undefined): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    typeof each === 'string' && SELECTOR.test(name) ? [each] : selectorsIn(each as Json),
  );
}

const stringsOf = (selector: string): readonly string[] =>
  [...selector.matchAll(/"([^"]*)"|'([^']*)'/g)].map(([, a, b]) => a ?? b ?? '');

const WORD = /^(has|all|global|in|not|contains|starts|ends|with)$/;

/** What stands in a selector outside of strings and is none of its own words. */
const keysOf = (selector: string): readonly string[] =>
  [...selector.replace(/"[^"]*"|'[^']*'/g, ' ').matchAll(/[A-Za-z0-9_./-]+/g)]
    .map(([word]) => word)
    .filter((word) => !WORD.test(word));

/**
 * The values with other names and addresses, the same ones wherever they stand: who belongs to whom, which network is in which, what
 * selectors match and the order of names stay as they are. Descriptions, annotations and keys of WireGuard go. AS numbers and communities
 * stay. `text` does the same to a text of its own. `key` decides about the addresses; who does not know it cannot go back.
 */
export function anonymiseValues(
  values: Values,
  key: Buffer,
): { readonly values: Values; readonly text: (text: string) => string } {
  const anonymiser = new Anonymiser(values, key);
  return {
    values: new Map([...values].map(([each, value]) => [anonymiser.key(each), anonymiser.value(value)])),
    text: (text) => anonymiser.text(text),
  };
}
