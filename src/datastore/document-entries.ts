import { type Diagnostic, show } from '../core/diagnostic.ts';
import { digestOf } from '../core/digest.ts';
import { affinityKey, PLURALS, type ResourceKind, resourceKey } from '../core/keys.ts';
import type { Entry } from './datastore.ts';
import { labelText } from './label-text.ts';

/** One document as plain data; `origin` is file:line. */
export interface SourceDocument {
  readonly value: unknown;
  readonly origin: string;
}

/** What one document says: under each key an entry, or null where it says `$delete: true`. */
export interface DocumentEntries {
  readonly entries: readonly (readonly [key: string, entry: Entry | null])[];
  readonly diagnostics: readonly Diagnostic[];
}

type Mapping = Readonly<Record<string, unknown>>;

const CALICO = ['projectcalico.org/v3', 'crd.projectcalico.org/v1'];
const CALICO_GROUP = /^(?:crd\.)?projectcalico\.org\//;
/** Keys as architecture 2 names them: etcd's, or those of another source (`k8s:/…`). */
const KEY = /^(?:[a-z0-9]+:)?\//;

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The member of a mapping, undefined for anything else. `name` is a word of ours, never one from a document. */
export const member = (value: unknown, name: string): unknown => (isMapping(value) ? value[name] : undefined);

/**
 * The entries of one document, which is one of
 * - a Calico resource (projectcalico.org/v3 or crd.projectcalico.org/v1) of a kind in PLURALS, under its etcd key; other
 *   Calico kinds are ignored;
 * - a `BlockAffinity` (also without apiVersion), under its etcd key with the value that etcd would hold;
 * - another Kubernetes object, under `k8s:/<kind>/<namespace>/<name>`; no namespace is `default`, as kubectl takes it;
 * - `{kind: Keys, data: {key: value}}`, or a mapping whose keys all begin with "/" (a dump of etcd): each value a string,
 *   or else its JSON; null is the empty string.
 * With `$delete: true` beside them (then a Calico kind needs no apiVersion) the same keys stand with null. Values are JSON
 * text, label values made strings; an entry's version is a digest of its value. Neither a value nor a label is ever in a
 * message, for it may be a Secret's. Diagnostics: `nameless-resource`, `unknown-document`, `unreadable-document`.
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
    if (text === undefined) return { entries: [], diagnostics: [unreadable(origin)] };
    entries.push([key, text === null ? null : { value: text, version: digestOf(text).slice(0, 16), origin }]);
  }
  return { entries, diagnostics: [] };
}

/** A document that says nothing here. */
export const unknownDocument = (origin: string, message: string): Diagnostic =>
  diagnostic('warning', 'unknown-document', origin, [], message);

/** The mapping of raw keys, or null when the document is no such thing. */
function dumpOf(value: unknown): Mapping | null {
  const data = member(value, 'data');
  if (member(value, 'kind') === 'Keys' && isMapping(data) && Object.keys(data).every((key) => KEY.test(key)))
    return data;
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
    return unknownDocument(origin, `apiVersion ${show(apiVersion)} is not known; expected ${CALICO.join(' or ')}`);
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
  if (member(spec, 'type') === 'virtual') return [];
  const node = member(spec, 'node');
  const cidr = member(spec, 'cidr');
  const deleted = member(spec, 'deleted');
  if (!isSegment(node)) return nameless(origin, 'BlockAffinity', ['spec', 'node']);
  if (typeof cidr !== 'string' || !/^[^/\0]+\/\d+$/.test(cidr))
    return nameless(origin, 'BlockAffinity', ['spec', 'cidr']);
  const value = { state: member(spec, 'state') ?? '', deleted: deleted === true || deleted === 'true' };
  return [[affinityKey(node, cidr), value]];
}

function withLabelTexts(resource: unknown, metadata: unknown): unknown {
  const labels = member(metadata, 'labels');
  if (!isMapping(resource) || !isMapping(metadata) || !isMapping(labels)) return resource;
  const texts = Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, labelText(value)]));
  return { ...resource, metadata: { ...metadata, labels: texts } };
}

/** Undefined when there is no JSON for it: a loop of aliases, or nested so deeply that the stack ends. */
function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  try {
    return content === null ? '' : JSON.stringify(content);
  } catch {
    return undefined;
  }
}

const unreadable = (origin: string): Diagnostic =>
  diagnostic('error', 'unreadable-document', origin, [], 'it contains itself, or is nested too deeply');

const nameless = (origin: string, kind: string, path: readonly string[]): Diagnostic =>
  diagnostic('error', 'nameless-resource', origin, path, `${show(kind)} without a usable ${path.join('.')}`);

function diagnostic(
  severity: Diagnostic['severity'],
  code: string,
  origin: string,
  path: readonly string[],
  message: string,
): Diagnostic {
  const colon = origin.lastIndexOf(':');
  const line = origin.slice(colon + 1);
  return { severity, code, key: origin.slice(0, colon), path, message: `line ${line}: ${message}` };
}
