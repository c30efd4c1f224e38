import { type Digest, digestOf } from '../core/digest.ts';

/**
 * The one tokenizer of BIRD configuration text. A statement is a run of words that ends in `;` or in a `{ … }` body; comments
 * and layout are not part of it. The digests, the meaning of a change and the comparison of goldens all start from here.
 */
export interface Statement {
  /** The words before the body, joined by one space: `protocol bgp Mesh_10_0_0_1 from bgp_template`. */
  readonly words: string;
  /** The statements between the braces; null where the statement ends in `;`. */
  readonly body: readonly Statement[] | null;
  /** 1-based line of the first word. */
  readonly line: number;
  /** Where it stands in the text, from its first word to what ends it, and what lies between its braces. */
  readonly source: Span;
  readonly inner: Span | null;
}

/** Offsets in a text: `text.slice(start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

interface Token extends Span {
  readonly text: string;
  readonly line: number;
}

/** Strings, quoted symbols, comments, words, operators of two characters, single characters; in this order of preference. */
const TOKEN = /"[^"\n]*"|'[^'\n]*'|#[^\n]*|\/\*[\s\S]*?\*\/|(?:[A-Za-z0-9_.:]|\/(?!\*))+|&&|\|\||[!<>=]=|!~|\S|\n/g;

function* tokenize(text: string): Generator<Token> {
  let line = 1;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '\n') line++;
    else if (token.startsWith('/*')) line += token.split('\n').length - 1;
    else if (!token.startsWith('#')) yield { text: token, line, start: index, end: index + token.length };
  }
}

/**
 * Reads statements up to the closing brace of the body, or of the whole text up to its end. A brace without its partner is a
 * statement of its own: BIRD refuses it, but no other text may count as the same. Braces in `[ … ]` are prefix patterns, not bodies.
 */
function readStatements(tokens: Iterator<Token>, inBody: boolean): { statements: Statement[]; close: Span } {
  const statements: Statement[] = [];
  let words: string[] = [];
  let [line, start, last] = [0, 0, 0];
  let sets = 0;
  const end = (at: number, body: readonly Statement[] | null, inner: Span | null) => {
    if (words.length > 0 || body) {
      statements.push({ words: words.join(' '), body, line, source: { start, end: at }, inner });
    } else {
      // `};` after a filter leaves an empty statement behind, which says nothing but belongs to it.
      const before = statements.pop();
      if (before) statements.push({ ...before, source: { start: before.source.start, end: at } });
    }
    words = [];
  };
  for (let next = tokens.next(); !next.done; next = tokens.next()) {
    const token = next.value;
    const { text } = token;
    if (words.length === 0) [line, start] = [token.line, token.start];
    last = token.end;
    if (text === '[') sets++;
    if (text === ']' && sets > 0) sets--;
    if (sets === 0 && text === ';') end(token.end, null, null);
    else if (sets === 0 && text === '{') {
      const { statements: body, close } = readStatements(tokens, true);
      last = close.end;
      end(close.end, body, { start: token.end, end: close.start });
    } else if (sets === 0 && text === '}') {
      if (words.length > 0) end(token.start, null, null);
      if (inBody) return { statements, close: token };
      statements.push({
        words: text,
        body: null,
        line: token.line,
        source: { start: token.start, end: token.end },
        inner: null,
      });
    } else words.push(text);
  }
  if (words.length > 0) end(last, null, null);
  if (inBody) statements.push({ words: '{', body: null, line, source: { start: last, end: last }, inner: null });
  return { statements, close: { start: last, end: last } };
}

/** The statements of a configuration text, in order. Never throws: it reads what a daemon accepted or refused alike. */
export const parseStatements = (text: string): readonly Statement[] => readStatements(tokenize(text), false).statements;

/** One statement as canonical text, on one line: equal texts are equal statements, whatever their layout. */
export function canonical(statement: Statement): string {
  if (!statement.body) return `${statement.words};`;
  return `${statement.words} { ${statement.body.map(canonical).join(' ')} }`;
}

/** A digest for each top-level statement of `text`, in order. */
export const statementDigests = (text: string): readonly Digest[] =>
  parseStatements(text).map((s) => digestOf(canonical(s)));

/**
 * The digest of a sequence of top-level statements, of which `digests` are those one behind the other: comments, layout and how they were
 * cut into blocks do not count.
 */
export const digestOfStatements = (digests: string): Digest => digestOf(digests);
