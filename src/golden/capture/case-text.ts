import { byBytes } from '../../core/order.ts';
import { parseDocuments } from '../../datastore/documents.ts';
import type { CaseHeader } from '../case-header.ts';
import type { Values } from './redact-values.ts';

/** Annotations that decide anything; the rest is other people's, and may hold a whole former resource. */
const ANNOTATIONS = /^(birdconfd|projectcalico\.org)\//;

type Mapping = Readonly<Record<string, unknown>>;

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function metadataOf(given: unknown, name: string, namespace: string | null): Mapping {
  const { labels, annotations } = isMapping(given) ? given : {};
  const kept = isMapping(annotations) ? Object.entries(annotations).filter(([key]) => ANNOTATIONS.test(key)) : [];
  return {
    name,
    ...(namespace !== null && { namespace }),
    ...(isMapping(labels) && Object.keys(labels).length > 0 && { labels }),
    ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
  };
}

/** A resource as calicoctl or kubectl prints it, null for a value that is none. */
function resourceOf(key: string, value: string): Mapping | null {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    return null;
  }
  if (!isMapping(json)) return null;
  const block = /^\/calico\/ipam\/v2\/host\/([^/]+)\/ipv[46]\/block\/(.+)-(\d+)$/.exec(key);
  if (block) {
    const [, node, address, length] = block;
    const state = typeof json.state === 'string' ? json.state : '';
    return {
      kind: 'BlockAffinity',
      spec: { node, cidr: `${address}/${length}`, state, ...(json.deleted === true && { deleted: true }) },
    };
  }
  const kubernetes = /^k8s:\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(key);
  const name = key.split('/').at(-1) ?? '';
  const { metadata, apiVersion: _, kind, ...rest } = json;
  if (kubernetes) {
    const own = metadataOf(metadata, name, kubernetes[2] ?? null);
    return { apiVersion: 'v1', kind: kubernetes[1], metadata: own, ...rest };
  }
  if (typeof kind !== 'string') return null;
  return { apiVersion: 'projectcalico.org/v3', kind, metadata: metadataOf(metadata, name, null), ...rest };
}

/** Whether the document says what the key holds, and nothing else. */
async function says(text: string, key: string): Promise<boolean> {
  const { entries, diagnostics } = await parseDocuments(text, 'in.yaml');
  return entries.size === 1 && entries.has(key) && diagnostics.length === 0;
}

/**
 * An in.yaml of these values: resources as calicoctl and kubectl print them, without what only the cluster itself needs; what can be told
 * in no such way, as raw keys. Sorted by key; the same values are the same text.
 */
export async function caseText(about: string, header: CaseHeader, values: Values): Promise<string> {
  const { stringify } = await import('yaml');
  const options = { aliasDuplicateObjects: false, lineWidth: 0 };
  const documents = [stringify({ kind: 'Case', ...header }, options)];
  const raw: [string, string][] = [];
  for (const [key, value] of [...values].sort(([a], [b]) => byBytes(a, b))) {
    const resource = resourceOf(key, value);
    const text = resource && stringify(resource, options);
    if (text !== null && (await says(text, key))) documents.push(text);
    else raw.push([key, value]);
  }
  if (raw.length > 0) documents.push(stringify({ kind: 'Keys', data: Object.fromEntries(raw) }, options));
  const comment = about
    .split('\n')
    .map((line) => `# ${line}\n`)
    .join('');
  return `${comment}${documents.join('---\n')}`;
}
