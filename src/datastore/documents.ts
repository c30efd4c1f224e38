import { type Diagnostic, show } from '../core/diagnostic.ts';
import { digestOf } from '../core/digest.ts';
import { affinityKey, PLURALS, type ResourceKind, resourceKey } from '../core/keys.ts';
import type { Entry } from './datastore.ts';
import { readSyntax } from './document-syntax.ts';
import { labelText } from './label-text.ts';

/** One document as plain data, lists taken apart; `origin` is file:line. */
export interface SourceDocument {
  readonly value: unknown;
  readonly origin: string;
}

/** What one document says: under each key an entry, or null where it says `$delete: true`. */
export interface DocumentEntries {
  readonly entries: readonly (readonly [key: string, entry: Entry | null])[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What one file says. */
export interface ParsedDocuments {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly diagnostics: readonly Diagnostic[];
  /** The keys of documents with `$delete: true`, each with its origin. They have a meaning only between the steps of a case. */
  readonly deletes: ReadonlyMap<string, string>;
  /** The documents of a golden case that are no data: `kind: Case` and `kind: File`. */
  readonly others: readonly SourceDocument[];
  /** True when a document could not be read, so that `entries` may lack what it says. */
  readonly damaged: boolean;
}

type Mapping = Readonly<Record<string, unknown>>;

const CALICO = ['projectcalico.org/v3', 'crd.projectcalico.org/v1'];
const CALICO_GROUP = /^(?:crd\.)?projectcalico\.org\//;
const CASE_KINDS = ['Case', 'File'];
/** An array of lists of resources (`calicoctl get` of several kinds) is as deep as lists nest; more is not followed. */
const MAX_LISTS = 2;

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** A member of its own: `constructor` and `__proto__` are not there unless someone wrote them. */
const member = (value: unknown, name: string): unknown =>
  isMapping(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/**
 * Reads a text of Calico resources and Kubernetes objects, in YAML or JSON, as `toEntries` takes them; lists (`kind: List`,
 * `BGPPeerList`, an array) are taken apart. `file` is the name that origins and messages show. Never rejects: what cannot be
 * read is a Diagnostic, and neither a value nor a line of the text is ever in a message, for it may be a Secret's.
 * Diagnostics: `unreadable-document` (key: `file`), `duplicate-resource` (the first one wins) and those of `toEntries`.
 */
export async function parseDocuments(text: string, file: string): Promise<ParsedDocuments> {
  const { documents, faults } = await readSyntax(text);
  const diagnostics: Diagnostic[] = faults.map(({ line, column, reason }) =>
    error('unreadable-document', file, `line ${line}, column ${column}: ${reason}`),
  );
  const entries = new Map<string, Entry>();
  const deletes = new Map<string, string>();
  const others: SourceDocument[] = [];
  for (const { value, line, itemLines } of documents) {
    for (const document of takeApart({ value, origin: `${file}:${line}` }, file, itemLines)) {
      if (isCaseDocument(document.value)) {
        others.push(document);
        continue;
      }
      const found = toEntries(document);
      diagnostics.push(...found.diagnostics);
      for (const [key, entry] of found.entries) {
        const first = entries.get(key);
        if (!entry) deletes.set(key, document.origin);
        else if (first) diagnostics.push(duplicateResource(key, first.origin, entry.origin));
        else entries.set(key, entry);
      }
    }
  }
  const damaged = diagnostics.some(({ code }) => code === 'unreadable-document');
  return { entries, diagnostics, deletes, others, damaged };
}

/** Two documents define `key`: `winner` is used, `loser` is not. */
export const duplicateResource = (key: string, winner: string, loser: string): Diagnostic =>
  error('duplicate-resource', key, `${winner} is used; ${loser} defines the same again and is ignored`);

/** A document that says nothing here. */
export const unknownDocument = (origin: string, message: string): Diagnostic => ({
  ...error('unknown-document', fileOf(origin), `${lineText(origin)}: ${message}`),
  severity: 'warning',
});

/**
 * The entries of one document, which is one of
 * - a Calico resource (projectcalico.org/v3 or crd.projectcalico.org/v1) of a kind in PLURALS, under its etcd key; other
 *   Calico kinds are ignored;
 * - a `BlockAffinity` (also without apiVersion), under its etcd key with the value that etcd would hold;
 * - another Kubernetes object, under `k8s:/<kind>/<namespace>/<name>`; no namespace is `default`, as kubectl takes it;
 * - `{kind: Keys, data: {key: value}}`, or a mapping whose keys all begin with "/" (a dump of etcd): each value a string,
 *   or else its JSON; null is the empty string.
 * With `$delete: true` beside them the same keys stand with null. Values are JSON text, label values made strings; an
 * entry's version is a digest of its value. Diagnostics: `nameless-resource`, `unknown-document`, `unreadable-document`.
 */
export function toEntries({ value, origin }: SourceDocument): DocumentEntries {
  if (value === null || value === undefined) return { entries: [], diagnostics: [] };
  const deleted = member(value, '$delete') === true;
  const dump = dumpOf(value);
  const named = dump ? Object.entries(dump) : keyOf(value, origin, deleted);
  if (!Array.isArray(named)) return { entries: [], diagnostics: [named] };
  const entries: [string, Entry | null][] = [];
  for (const [key, content] of named) {
    const text = deleted ? null : textOf(content);
    if (text === undefined) {
      return { entries: [], diagnostics: [error('unreadable-document', fileOf(origin), tooDeep(origin))] };
    }
    entries.push([key, text === null ? null : { value: text, version: digestOf(text).slice(0, 16), origin }]);
  }
  return { entries, diagnostics: [] };
}

/** The mapping of raw keys, or null when the document is no such thing. */
function dumpOf(value: unknown): Mapping | null {
  const data = member(value, 'data');
  if (member(value, 'kind') === 'Keys' && member(value, 'apiVersion') === undefined && isMapping(data)) return data;
  return isMapping(value) && Object.keys(value).every((key) => key.startsWith('/')) ? value : null;
}

/** Key and content of a resource; empty for one that is ignored. */
function keyOf(value: unknown, origin: string, deleted: boolean): [string, unknown][] | Diagnostic {
  const kind = member(value, 'kind');
  const apiVersion = member(value, 'apiVersion');
  if (typeof kind !== 'string' || !isSegment(kind)) return unknownDocument(origin, 'no resource: it has no kind');
  const unversioned = apiVersion === undefined && (deleted || kind === 'BlockAffinity');
  if (typeof apiVersion !== 'string' && !unversioned) {
    return unknownDocument(origin, `no resource: ${show(kind)} without apiVersion`);
  }
  const isCalico = unversioned ? kind === 'BlockAffinity' || isKnown(kind) : CALICO_GROUP.test(String(apiVersion));
  if (isCalico && !unversioned && !CALICO.includes(String(apiVersion))) {
    return unknownDocument(origin, `${show(apiVersion)} is not known; expected ${CALICO.join(' or ')}`);
  }
  if (isCalico && kind === 'BlockAffinity') return affinityOf(member(value, 'spec'), origin);
  if (isCalico && !isKnown(kind)) return [];
  const metadata = member(value, 'metadata');
  const name = member(metadata, 'name');
  if (!isSegment(name)) return nameless(origin, kind, ['metadata', 'name']);
  if (isCalico && isKnown(kind)) return [[resourceKey(kind, name), withLabelTexts(value, metadata)]];
  const namespace = member(metadata, 'namespace') ?? 'default';
  if (!isSegment(namespace)) return nameless(origin, kind, ['metadata', 'namespace']);
  return [[`k8s:/${kind}/${namespace}/${name}`, withLabelTexts(value, metadata)]];
}

const isKnown = (kind: string): kind is ResourceKind => Object.hasOwn(PLURALS, kind);
const isSegment = (text: unknown): text is string => typeof text === 'string' && /^[^/\0]+$/.test(text);

/** `deleted` is a string in the resource and a boolean in etcd; a virtual affinity is no host's (spec calico-v3, 1.1). */
function affinityOf(spec: unknown, origin: string): [string, unknown][] | Diagnostic {
  const [node, cidr, state, deleted, type] = ['node', 'cidr', 'state', 'deleted', 'type'].map((n) => member(spec, n));
  if (type === 'virtual') return [];
  if (!isSegment(node)) return nameless(origin, 'BlockAffinity', ['spec', 'node']);
  if (typeof cidr !== 'string' || !/^[^/\0]+\/\d+$/.test(cidr))
    return nameless(origin, 'BlockAffinity', ['spec', 'cidr']);
  return [[affinityKey(node, cidr), { state: state ?? '', deleted: deleted === true || deleted === 'true' }]];
}

function withLabelTexts(resource: unknown, metadata: unknown): unknown {
  const labels = member(metadata, 'labels');
  if (!isMapping(resource) || !isMapping(metadata) || !isMapping(labels)) return resource;
  const texts = Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, labelText(value)]));
  return { ...resource, metadata: { ...metadata, labels: texts } };
}

/** Undefined when there is no JSON for it: a loop of aliases, or nested so deeply that the stack ends. */
function textOf(content: unknown): string | undefined {
  try {
    return typeof content === 'string' ? content : JSON.stringify(content ?? '');
  } catch {
    return undefined;
  }
}

/** A list's items, each with its own line; an item of a typed list may lack kind and apiVersion, which the list has. */
function takeApart(
  document: SourceDocument,
  file: string,
  itemLines: readonly number[],
  depth = 0,
): readonly SourceDocument[] {
  const { value, origin } = document;
  const kind = member(value, 'kind');
  const isList = typeof kind === 'string' && kind.endsWith('List') && Object.hasOwn(value as Mapping, 'items');
  const items = isList ? (member(value, 'items') ?? []) : value;
  if (!Array.isArray(items) || depth === MAX_LISTS) return [document];
  return items.flatMap((item: unknown, index) => {
    const typed = isList && kind !== 'List' && isMapping(item) && !Object.hasOwn(item, 'kind');
    const whole = typed
      ? { apiVersion: member(value, 'apiVersion'), kind: kind.slice(0, -'List'.length), ...item }
      : item;
    const line = itemLines[index];
    return takeApart({ value: whole, origin: line === undefined ? origin : `${file}:${line}` }, file, [], depth + 1);
  });
}

const isCaseDocument = (value: unknown): boolean =>
  member(value, 'apiVersion') === undefined && CASE_KINDS.includes(String(member(value, 'kind')));

const fileOf = (origin: string): string => origin.slice(0, origin.lastIndexOf(':'));
const lineText = (origin: string): string => `line ${origin.slice(origin.lastIndexOf(':') + 1)}`;
const tooDeep = (origin: string): string => `${lineText(origin)}: it contains itself, or is nested too deeply`;

const error = (code: string, key: string, message: string): Diagnostic => ({
  severity: 'error',
  code,
  key,
  path: [],
  message,
});

const nameless = (origin: string, kind: string, path: readonly string[]): Diagnostic => ({
  ...error(
    'nameless-resource',
    fileOf(origin),
    `${lineText(origin)}: ${show(kind)} without a usable ${path.join('.')}`,
  ),
  path,
});
