import { type Digest, digestOf, digestOfAll } from '../core/digest.ts';

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
  /** Where it stands in the text, from its first word to its `;` or closing brace: for `slice`. */
  readonly span: readonly [from: number, to: number];
}

interface Token {
  readonly text: string;
  readonly line: number;
  readonly at: number;
}

/** Strings, quoted symbols, comments, words, operators of two characters, single characters; in this order of preference. */
const TOKEN = /"[^"\n]*"|'[^'\n]*'|#[^\n]*|\/\*[\s\S]*?\*\/|(?:[A-Za-z0-9_.:]|\/(?!\*))+|&&|\|\||[!<>=]=|!~|\S|\n/g;

function* tokenize(text: string): Generator<Token> {
  let line = 1;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '\n') line++;
    else if (token.startsWith('/*')) line += token.split('\n').length - 1;
    else if (!token.startsWith('#')) yield { text: token, line, at: index };
  }
}

/**
 * Reads statements up to the closing brace of the body, or of the whole text up to its end. A brace without its partner is a
 * statement of its own: BIRD refuses it, but no other text may count as the same. Braces in `[ … ]` are prefix patterns, not bodies.
 */
function readStatements(tokens: Iterator<Token>, inBody: boolean): { statements: Statement[]; to: number } {
  const statements: Statement[] = [];
  let words: string[] = [];
  let line = 0;
  let from = 0;
  let to = 0;
  let sets = 0;
  const end = (body: readonly Statement[] | null) => {
    // `};` after a filter leaves an empty statement behind, which says nothing.
    if (words.length > 0 || body) statements.push({ words: words.join(' '), body, line, span: [from, to] });
    words = [];
  };
  for (let next = tokens.next(); !next.done; next = tokens.next()) {
    const { text, line: atLine, at } = next.value;
    if (words.length === 0) [line, from] = [atLine, at];
    if (text === '[') sets++;
    if (text === ']' && sets > 0) sets--;
    if (sets === 0 && text === '}') {
      end(null);
      if (inBody) return { statements, to: at + 1 };
    }
    to = at + text.length;
    if (sets === 0 && text === ';') end(null);
    else if (sets === 0 && text === '{') {
      const body = readStatements(tokens, true);
      to = body.to;
      end(body.statements);
    } else if (sets === 0 && text === '}') statements.push({ words: text, body: null, line: atLine, span: [at, to] });
    else words.push(text);
  }
  end(null);
  if (inBody) statements.push({ words: '{', body: null, line, span: [from, to] });
  return { statements, to };
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

/** The digest of a sequence of top-level statements: comments, layout and how they were cut into blocks do not count. */
export const digestOfStatements = (digests: readonly Digest[]): Digest => digestOfAll(digests);
