import { parseStatements, type Statement } from './statements.ts';

/** What opens a top-level statement, or the comment above one, in the files that we and Calico write. */
const PART = /^(?=(?:protocol|template|function|filter|router|listen|log|include|#))/m;
/** A part that is whole ends so; and a comment of several lines may hide where it ends. */
const WHOLE = /(?:[;}]|^\s*(?:#[^\n]*)?)\s*$/;

/** What runs, what is wanted, and what of it may go through. */
const MAX_TEXTS = 3;

interface Known {
  readonly text: string;
  readonly statements: readonly Statement[];
  readonly parts: ReadonlyMap<string, readonly Statement[]>;
}

let known: readonly Known[] = [];

/** A statement cut in two shows as a brace without its partner, at any depth. */
const isCut = ({ words, body }: Statement): boolean => words === '{' || words === '}' || (body?.some(isCut) ?? false);

const isWhole = (text: string, statements: readonly Statement[]): boolean =>
  WHOLE.test(text) && !text.includes('/*') && !statements.some(isCut);

function read(text: string): Known {
  const parts = new Map<string, readonly Statement[]>();
  for (const part of text.split(PART)) {
    const found = known.map((each) => each.parts.get(part)).find((statements) => statements !== undefined);
    const statements = found ?? parseStatements(part);
    if (!found && !isWhole(part, statements)) return { text, statements: parseStatements(text), parts: new Map() };
    parts.set(part, statements);
  }
  return { text, statements: text.split(PART).flatMap((part) => parts.get(part) ?? []), parts };
}

/**
 * The statements of a configuration text as `parseStatements` gives them, but for where they stand. The last texts are remembered, in
 * parts: of two that differ in one session among thousands only that one is read, and all others are the same objects.
 */
export function knownStatements(text: string): readonly Statement[] {
  const found = known.find((each) => each.text === text) ?? read(text);
  known = [found, ...known.filter((each) => each !== found)].slice(0, MAX_TEXTS);
  return found.statements;
}
