import type { RawDocument } from './document-syntax.ts';

/** Thrown inside, at the first thing that is not plain. */
const NOT_PLAIN = new Error('not plain');

interface Line {
  readonly indent: number;
  /** Without its indentation, and not empty. */
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

const WORD = /^[A-Za-z_/]/;
const KEY = /^[A-Za-z_/$][\w./:-]{0,500}$/;
/** A text that YAML may take for something else, or that `metadata.labels` would have as it was written. */
const TAKEN = /^(?:null|true|false|__proto__)$/i;
const INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;
/** An address, with or without its length: no number has a colon, a slash or two dots. */
const ADDRESS = /^\d[\da-f]*(?:[:/]|\.\d+\.)[\da-f.:/]*$/i;
/** Line ends and spaces of other kinds, marks, and characters that are no text. */
const UNUSUAL = /[^\n\x20-\x7e\u00a1-\u1fff\u2030-\ud7ff]/;
const QUOTED = /^(?:"([^"\\]*)"|'((?:[^']|'')*)')/;
const MAX_DEPTH = 40;

/** The value of a plain scalar, as the core schema has it. */
function scalarOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  if (INTEGER.test(text)) return Number(text);
  if (TAKEN.test(text) || text.endsWith(':') || text.includes(': ')) throw NOT_PLAIN;
  if (WORD.test(text) || ADDRESS.test(text)) return text;
  throw NOT_PLAIN;
}

/** A flow collection on one line. */
class Flow {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The value, and what stands behind it. */
  read(): { readonly value: unknown; readonly rest: string } {
    return { value: this.#value(0), rest: this.#text.slice(this.#at) };
  }

  #skip(): string {
    while (this.#text[this.#at] === ' ') this.#at++;
    return this.#text[this.#at] ?? '';
  }

  #take(pattern: RegExp): string | null {
    const found = pattern.exec(this.#text.slice(this.#at));
    if (found) this.#at += found[0].length;
    return found ? (found[1] ?? found[2]?.replaceAll("''", "'") ?? found[0]) : null;
  }

  #value(depth: number): unknown {
    const first = this.#skip();
    if (depth > MAX_DEPTH) throw NOT_PLAIN;
    if (first === '[') return this.#items(']', () => this.#value(depth + 1));
    if (first === '{') return membersOf(this.#items('}', () => this.#member(depth + 1)));
    if (first === '"' || first === "'") return this.#take(QUOTED) ?? notPlain();
    const plain = this.#take(/^[^,[\]{}]+/)?.trimEnd() ?? '';
    return plain.includes(' #') ? notPlain() : scalarOf(plain);
  }

  #items<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    this.#at++;
    while (this.#skip() !== end) {
      items.push(item());
      const next = this.#skip();
      if (next === ',') this.#at++;
      else if (next !== end) throw NOT_PLAIN;
    }
    this.#at++;
    return items;
  }

  #member(depth: number): readonly [string, unknown] {
    this.#skip();
    const quoted = this.#take(QUOTED);
    const key = quoted ?? this.#take(/^[A-Za-z_/][\w./-]*/) ?? notPlain();
    if (this.#take(/^: +/) === null || TAKEN.test(key)) throw NOT_PLAIN;
    return [key, this.#value(depth)];
  }
}

function notPlain(): never {
  throw NOT_PLAIN;
}

function membersOf(members: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const found = Object.fromEntries(members);
  return Object.keys(found).length === members.length ? found : notPlain();
}

/** A `metadata` whose labels are texts: of others the other parser knows how they were written. */
function withTexts(metadata: unknown): unknown {
  const labels = typeof metadata === 'object' && metadata !== null && 'labels' in metadata ? metadata.labels : null;
  const isText = Object.values(labels ?? {}).every((label) => typeof label === 'string');
  return isText ? metadata : notPlain();
}

/** What stands behind a key or a dash, on its line. */
function inline(text: string): unknown {
  const first = text[0];
  if (first === '[' || first === '{') {
    const { value, rest } = new Flow(text).read();
    return behind(rest, value);
  }
  if (first === '"' || first === "'") {
    const found = QUOTED.exec(text) ?? notPlain();
    return behind(text.slice(found[0].length), found[1] ?? found[2]?.replaceAll("''", "'"));
  }
  const comment = text.indexOf(' #');
  return scalarOf(comment < 0 ? text : text.slice(0, comment).trimEnd());
}

/** The value, if nothing but a comment follows. */
const behind = (rest: string, value: unknown): unknown => (/^ *$|^ +#/.test(rest) ? value : notPlain());

/** The blocks of one document, line by line. */
class Blocks {
  readonly #lines: Line[];
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = [...lines];
  }

  document(): RawDocument {
    const [first] = this.#lines;
    if (!first || first.indent > 0) throw NOT_PLAIN;
    const items: number[] = [];
    const value = isItem(first) ? this.#sequence(0, 0, items) : this.#mapping(0, 0, items);
    return this.#at === this.#lines.length ? { value, line: first.number, itemLines: items } : notPlain();
  }

  /** `lines`: takes those of the items, or of those of the root's `items`. */
  #mapping(indent: number, depth: number, lines: number[] | null): unknown {
    const members: (readonly [string, unknown])[] = [];
    for (let line = this.#here(); line?.indent === indent && !isItem(line); line = this.#here()) {
      const [, key = '', text = ''] = /^(.*?):(?: +(.*))?$/.exec(line.text) ?? [];
      if (!KEY.test(key) || TAKEN.test(key)) throw NOT_PLAIN;
      this.#at++;
      const ofItems = key === 'items' ? lines : null;
      if (ofItems && text !== '') throw NOT_PLAIN;
      const isNested = text === '' || text.startsWith('#');
      const value = isNested ? this.#nested(indent, depth, ofItems) : inline(text);
      members.push([key, key === 'metadata' ? withTexts(value) : value]);
    }
    return this.#ended(indent, membersOf(members));
  }

  /** The block below a key; nothing there is null. */
  #nested(indent: number, depth: number, lines: number[] | null): unknown {
    const line = this.#here();
    if (depth > MAX_DEPTH) throw NOT_PLAIN;
    if (line && isItem(line) && line.indent >= indent) return this.#sequence(line.indent, depth + 1, lines);
    return line && line.indent > indent ? this.#mapping(line.indent, depth + 1, null) : null;
  }

  #sequence(indent: number, depth: number, lines: number[] | null): unknown {
    const items: unknown[] = [];
    for (let line = this.#here(); line?.indent === indent && isItem(line); line = this.#here()) {
      const text = line.text.slice(1).trimStart();
      lines?.push(line.number);
      if (text === '' || isItem({ text })) throw NOT_PLAIN;
      if (/^[A-Za-z_/$][\w./:-]*:(?: |$)/.test(text)) {
        const inner = indent + line.text.length - text.length;
        this.#lines[this.#at] = { ...line, indent: inner, text };
        items.push(this.#mapping(inner, depth + 1, null));
      } else {
        this.#at++;
        items.push(inline(text));
      }
    }
    return this.#ended(indent, items);
  }

  #here(): Line | undefined {
    return this.#lines[this.#at];
  }

  /** What is deeper now would go on with the last scalar, or be a mistake. */
  #ended(indent: number, value: unknown): unknown {
    return (this.#here()?.indent ?? 0) > indent ? notPlain() : value;
  }
}

const isItem = ({ text }: Pick<Line, 'text'>): boolean => text === '-' || text.startsWith('- ');

const lineOf = (text: string, index: number): Line => {
  const indent = text.search(/[^ ]/);
  return { indent, text: text.slice(indent).trimEnd(), number: index + 1 };
};

/**
 * The documents of a text in plain block YAML, as people and kubectl write resources, by the rules of `readYaml`: null for a text that has anything
 * else in it, which that one reads. A tenth of the time, which is most of what reading files takes.
 */
export function readPlainYaml(text: string): readonly RawDocument[] | null {
  if (UNUSUAL.test(text)) return null;
  const documents: Line[][] = [[]];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '---') documents.push([]);
    else if (line.startsWith('---') || line.startsWith('...')) return null;
    else if (!/^ *(?:#|$)/.test(line)) documents.at(-1)?.push(lineOf(line, index));
  }
  if (documents[0]?.length === 0 && documents.length > 1) documents.shift();
  try {
    return documents.map((lines) => new Blocks(lines).document());
  } catch (error) {
    if (error !== NOT_PLAIN) throw error;
    return null;
  }
}
