import type { Document, Node } from 'yaml';
import { jsonOutline } from './json-outline.ts';
import { plainLabelText } from './label-text.ts';

/** One document of a text as plain data, with the lines (from 1) on which it and the items of a list begin. */
export interface RawDocument {
  readonly value: unknown;
  readonly line: number;
  /** By index in the root sequence, or in the root mapping's `items`. */
  readonly itemLines: readonly number[];
}

/** Why a document cannot be read. `reason` never quotes the text: it may hold a Secret. */
export interface SyntaxFault {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

export interface Syntax {
  readonly documents: readonly RawDocument[];
  readonly faults: readonly SyntaxFault[];
}

type Yaml = typeof import('yaml');

/** An anchor may be used this often, counted through nested aliases: stops a small text that expands to gigabytes. */
const MAX_ALIASES = 100;

/**
 * Reads one JSON value or any number of YAML 1.2 documents (core schema, so `on` is a string; no merge keys, no tags beyond
 * the core ones; every key once). Each document that cannot be read is one fault and the others are returned.
 * The YAML parser is loaded only for a text that is not JSON: it takes 28 ms (spec stack, 3).
 */
export async function readSyntax(text: string): Promise<Syntax> {
  const json = /^\s*[[{]/.test(text) ? readJson(text) : null;
  return json ?? readYaml(await import('yaml'), text);
}

function readJson(text: string): Syntax | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null; // YAML in flow style, or broken: the YAML parser knows line and column, V8 does not always
  }
  const { repeatedKeyAt, itemOffsets } = jsonOutline(text);
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  if (repeatedKeyAt === null) {
    const line = lineOf(lineStarts, text.search(/\S/));
    return { documents: [{ value, line, itemLines: itemOffsets.map((at) => lineOf(lineStarts, at)) }], faults: [] };
  }
  const line = lineOf(lineStarts, repeatedKeyAt);
  const column = repeatedKeyAt - lineStarts[line - 1]! + 1;
  return { documents: [], faults: [{ line, column, reason: 'duplicate key' }] };
}

/** The number of starts at or before `offset`. */
function lineOf(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lineStarts[middle]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function readYaml(yaml: Yaml, text: string): Syntax {
  const lines = new yaml.LineCounter();
  const documents: RawDocument[] = [];
  const faults: SyntaxFault[] = [];
  const fault = (offset: number, reason: string) => {
    const { line, col } = lines.linePos(offset);
    faults.push({ line: Math.max(line, 1), column: Math.max(col, 1), reason });
  };
  const take = (found: Iterable<Document.Parsed>) => {
    for (const document of found) {
      // Only unknown tags and directives are warnings: data that would be read otherwise than it was meant.
      const first = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])[0];
      const start = document.contents?.range[0] ?? document.range[0];
      if (first) {
        fault(first.pos[0], reasonOf(first.code));
        continue;
      }
      const items = itemsOf(yaml, document.contents);
      for (const node of [document.contents, ...items]) plainLabels(yaml, document, node);
      try {
        const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
        const itemLines = items.map((item) => lines.linePos(item?.range?.[0] ?? start).line);
        documents.push({ value, line: lines.linePos(start).line, itemLines });
      } catch {
        fault(start, 'an alias without its anchor, too many aliases, or nested too deeply');
      }
    }
  };
  const composer = new yaml.Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'error',
  });
  for (const token of new yaml.Parser(lines.addNewLine).parse(text)) {
    try {
      take(composer.next(token));
    } catch {
      fault('offset' in token ? token.offset : 0, 'nested too deeply'); // the composer recurses: a stack overflow
    }
  }
  take(composer.end());
  const stray = composer.streamInfo().errors[0];
  if (stray) fault(stray.pos[0], reasonOf(stray.code));
  return { documents, faults };
}

/** `DUPLICATE_KEY` → `duplicate key`. The parser's own messages quote the text, so they are not shown. */
const reasonOf = (code: string): string => code.toLowerCase().replaceAll('_', ' ');

function itemsOf(yaml: Yaml, root: unknown): readonly (Node | null)[] {
  const items = yaml.isMap(root) ? root.get('items', true) : root;
  return yaml.isSeq(items) ? items.items.map((item) => (yaml.isNode(item) ? item : null)) : [];
}

/** Only here is it known which scalars were written without quotes. */
function plainLabels(yaml: Yaml, document: Document.Parsed, resource: unknown): void {
  const follow = (node: unknown) => (yaml.isAlias(node) ? node.resolve(document) : node);
  const member = (node: unknown, name: string) => (yaml.isMap(node) ? follow(node.get(name, true)) : null);
  const labels = member(member(follow(resource), 'metadata'), 'labels');
  if (!yaml.isMap(labels)) return;
  for (const { value } of labels.items) {
    const scalar = follow(value);
    if (yaml.isScalar(scalar) && scalar.type === yaml.Scalar.PLAIN && scalar.source !== undefined) {
      scalar.value = plainLabelText(scalar.source, scalar.value);
    }
  }
}
