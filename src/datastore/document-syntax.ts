import { jsonOutline } from './json-outline.ts';
import { readYaml } from './yaml-syntax.ts';

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

/**
 * Reads JSON values, with lines of `---` between them, or any number of YAML 1.2 documents (core schema, so `on` is a string; no merge
 * keys, no tags beyond the core ones; every key once). Each document that cannot be read is one fault and the others are returned.
 * The YAML parser is loaded only for a text that is not JSON: it takes 28 ms (spec stack, 3).
 */
export async function readSyntax(text: string): Promise<Syntax> {
  const json = /^\s*[[{]/.test(text) ? readJsons(text) : null;
  return json ?? readYaml(await import('yaml'), text);
}

/** Null where any of the documents is no JSON. */
function readJsons(text: string): Syntax | null {
  const documents: RawDocument[] = [];
  const faults: SyntaxFault[] = [];
  let before = 0;
  for (const part of text.split(/^---$/m)) {
    const read = readJson(part);
    if (!read) return null;
    const below = (line: number) => before + line;
    documents.push(...read.documents.map((d) => ({ ...d, line: below(d.line), itemLines: d.itemLines.map(below) })));
    faults.push(...read.faults.map((fault) => ({ ...fault, line: below(fault.line) })));
    before += part.split('\n').length - 1;
  }
  return { documents, faults };
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
