import type { Diagnostic } from '../core/diagnostic.ts';
import type { Entry } from './datastore.ts';
import { isMapping, member, type SourceDocument, toEntries } from './document-entries.ts';
import { readSyntax } from './document-syntax.ts';

/** What one file says. */
export interface ParsedDocuments {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly diagnostics: readonly Diagnostic[];
  /** The keys of documents with `$delete: true`, each with its origin. They have a meaning only between the steps of a case. */
  readonly deletes: ReadonlyMap<string, string>;
  /** The documents of a golden case that are no data: `kind: Case` and `kind: File` without apiVersion. */
  readonly others: readonly SourceDocument[];
  /** True when a document could not be read, so that `entries` may lack what it says. */
  readonly damaged: boolean;
}

const CASE_KINDS = ['Case', 'File'];
/** An array of lists of resources (`calicoctl get` of several kinds) is as deep as lists nest; more is not followed. */
const MAX_LISTS = 2;

/**
 * Reads a text of Calico resources and Kubernetes objects, in YAML or JSON, as `toEntries` takes them; lists (`kind: List`,
 * `BGPPeerList`, an array) are taken apart. `file` is the name that origins and messages show. Never rejects: what cannot be
 * read is a Diagnostic, without a word of the text, and stops no other document.
 * Diagnostics: `unreadable-document` (key: `file`), `duplicate-resource` (the first one wins) and those of `toEntries`.
 */
export async function parseDocuments(text: string, file: string): Promise<ParsedDocuments> {
  const { documents, faults } = await readSyntax(text);
  const diagnostics: Diagnostic[] = faults.map(({ line, column, reason }) =>
    unreadableDocument(file, `line ${line}, column ${column}: ${reason}`),
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

/** Nothing, or not everything, of `file` can be read. */
export const unreadableDocument = (file: string, message: string): Diagnostic => ({
  severity: 'error',
  code: 'unreadable-document',
  key: file,
  path: [],
  message,
});

/** Two documents define `key`: the one at `winner` is used, the one at `loser` is not. */
export const duplicateResource = (key: string, winner: string, loser: string): Diagnostic => ({
  severity: 'error',
  code: 'duplicate-resource',
  key,
  path: [],
  message: `${winner} is used; ${loser} defines the same again and is ignored`,
});

/** A list's items, each with its own line; an item of a typed list may lack kind and apiVersion, which the list has. */
function takeApart(
  document: SourceDocument,
  file: string,
  itemLines: readonly number[],
  depth = 0,
): readonly SourceDocument[] {
  const { value, origin } = document;
  const kind = member(value, 'kind');
  const isList = typeof kind === 'string' && kind.endsWith('List') && isMapping(value) && Object.hasOwn(value, 'items');
  const items = isList ? (value.items ?? []) : value;
  if (!Array.isArray(items) || depth === MAX_LISTS) return [document];
  return items.flatMap((item: unknown, index) => {
    const typed = isList && kind !== 'List' && isMapping(item) && !Object.hasOwn(item, 'kind');
    const whole = typed ? { apiVersion: value.apiVersion, kind: kind.slice(0, -'List'.length), ...item } : item;
    const line = itemLines[index];
    return takeApart({ value: whole, origin: line === undefined ? origin : `${file}:${line}` }, file, [], depth + 1);
  });
}

const isCaseDocument = (value: unknown): boolean =>
  member(value, 'apiVersion') === undefined && CASE_KINDS.some((kind) => kind === member(value, 'kind'));
