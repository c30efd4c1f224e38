import type { Diagnostic } from '../../src/core/diagnostic.ts';
import { resourceKey } from '../../src/core/keys.ts';
import { parseDocuments } from '../../src/datastore/documents.ts';
import { type Kind, PLACES, type Step } from './fields.ts';
import { hostileDocument } from './hostile-documents.ts';
import { hostileBlock, hostileName, hostilePath } from './hostile-keys.ts';
import { anyText, escapeText } from './hostile-texts.ts';
import { addField, damage, growList, type HostileJson, replaceFields } from './hostile-values.ts';
import type { Originals } from './originals.ts';
import type { Random } from './random.ts';
import { type Entry, passwordFile, SELF, type Subject, subjectOf } from './subjects.ts';

/** One malformed or hostile resource, file or document, and what must be told of it. */
export interface HostileValue {
  /** For people: the kind of resource, and what was done to it. */
  readonly what: string;
  /** What it puts into the datastore: one entry, or what a document says. */
  readonly entries: readonly Entry[];
  /** The entry as it was when it was valid; null where it never was. */
  readonly before: Entry | null;
  /** Valid, so that the value has an effect. */
  readonly beside: readonly Entry[];
  /** What is bad in it for certain: a Diagnostic with this key must stand at this path, or above or below it. */
  readonly told: readonly { readonly key: string; readonly path: readonly Step[] }[];
  /** What reading the document already told. */
  readonly diagnostics: readonly Diagnostic[];
  /** The text as it was fed in. */
  readonly source: string;
}

const hostileJson = (subject: Subject, random: Random): readonly [what: string, HostileJson] => {
  const places = PLACES.get(subject.kind)!;
  const of = (...types: readonly string[]) => random.pick(places.filter(({ shape }) => types.includes(shape.type)));
  const choice = random.below(100);
  if (choice < 12) return ['damaged', damage(subject.base, random)];
  if (choice < 24) {
    const place = of('record');
    return [`field added at ${place.path.join('.')}`, addField(subject.base, place, random)];
  }
  const lists = places.some(({ shape }) => shape.type === 'list');
  if (choice < 28 && lists) {
    const place = of('list');
    return [`list grown at ${place.path.join('.')}`, growList(subject.base, place, random)];
  }
  return ['values', replaceFields(subject.base, places, random)];
};

function ofSubject(subject: Subject, random: Random): HostileValue {
  const { kind, key, base, beside } = subject;
  const text = JSON.stringify(base);
  if (random.chance(0.12)) {
    const isResource = subject.prefix.startsWith('/calico/resources/');
    const { rest, bad } = isResource
      ? hostileName(random)
      : kind === 'BlockAffinity'
        ? hostileBlock(random)
        : hostilePath(random);
    const at = subject.prefix + rest;
    const entry: Entry = [at, random.chance(0.9) ? text : damage(base, random).text];
    return {
      what: `${kind}: key`,
      entries: [entry],
      before: null,
      beside,
      told: bad ? [{ key: at, path: [] }] : [],
      diagnostics: [],
      source: entry[1],
    };
  }
  const [what, json] = hostileJson(subject, random);
  return {
    what: `${kind}: ${what}`,
    entries: [[key, json.text]],
    before: [key, text],
    beside,
    told: json.told.map((path) => ({ key, path })),
    diagnostics: [],
    source: json.text,
  };
}

function ofPassword(n: number, random: Random): HostileValue {
  const { key, beside, prefix } = passwordFile(n);
  const text = random.chance(0.7) ? escapeText(random) : anyText(random);
  const at = random.chance(0.9) ? key : prefix + hostilePath(random).rest;
  return {
    what: 'password file',
    entries: [[at, text]],
    before: null,
    beside,
    told: [],
    diagnostics: [],
    source: text,
  };
}

async function ofDocument(originals: Originals, n: number, random: Random): Promise<HostileValue> {
  const file = `document-${n}.yaml`;
  const { text, told } = hostileDocument(
    [...originals.values()].map((all) => random.pick(all)),
    random,
  );
  const parsed = await parseDocuments(text, file);
  return {
    what: 'document',
    entries: [...parsed.entries]
      .filter(([key]) => key !== resourceKey('Node', SELF))
      .map(([key, { value }]) => [key, value]),
    before: null,
    beside: [],
    told: told ? [{ key: file, path: [] }] : [],
    diagnostics: parsed.diagnostics,
    source: text,
  };
}

/** How often each kind is chosen in a large batch. */
const CROWD: readonly (Kind | 'password' | 'document')[] = [
  ...(Array(5).fill('BGPPeer') as 'BGPPeer'[]),
  ...(Array(5).fill('BGPFilter') as 'BGPFilter'[]),
  ...(Array(3).fill('Node') as 'Node'[]),
  'IPPool',
  'IPPool',
  'BlockAffinity',
  'Service',
  'EndpointSlice',
  'Secret',
  'WorkloadStatus',
  'password',
  'document',
];

/** `size` hostile values of all kinds but those of which a cluster has one, each under a key of its own. */
export async function crowd(originals: Originals, size: number, random: Random): Promise<readonly HostileValue[]> {
  const values: HostileValue[] = [];
  for (let n = 0; n < size; n++) {
    const kind = random.pick(CROWD);
    if (kind === 'password') values.push(ofPassword(n, random));
    else if (kind === 'document') values.push(await ofDocument(originals, n, random));
    else values.push(ofSubject(subjectOf(kind, random.pick(originals.get(kind)!), n, ''), random));
  }
  return values;
}

/** One hostile value of each kind of which a cluster has one: the two BGPConfigurations, ClusterInformation, the own Node. */
export function singles(originals: Originals, random: Random): readonly HostileValue[] {
  const one = (kind: Kind, only: string, n: number) =>
    ofSubject(subjectOf(kind, random.pick(originals.get(kind)!), n, only), random);
  return [
    one('BGPConfiguration', 'default', 0),
    one('BGPConfiguration', `node.${SELF}`, 1),
    one('ClusterInformation', 'default', 2),
    one('Node', SELF, 3),
  ];
}

/** How many hostile values a batch holds: a resource may have several, if each of them is bad. */
export const countOf = (batch: readonly HostileValue[]): number =>
  batch.reduce((sum, { told }) => sum + Math.max(told.length, 1), 0);
