import type { Span, Statement } from './statements.ts';

/** Statements next to each other, and the text that they were read from. */
export interface Sequence {
  readonly text: string;
  readonly span: Span;
  readonly statements: readonly Statement[];
  /** For each statement what makes it the same as one of the other sequence; unique in its own. */
  readonly keys: readonly string[];
}

export interface MergeRules {
  /** Whether a statement that only `desired` has comes in, and behind which index of `live`, or `null` where it stays out. */
  readonly earliest: (statement: Statement) => number | null;
  /** The text of a statement that both have. */
  readonly both: (live: Statement, desired: Statement) => string;
  /** No statement comes in at or behind this one of `live`, because none would be reached there. */
  readonly end: (live: Statement) => boolean;
}

/** Each statement with the comments and blanks before it: joined, and with what follows the last, they are the text again. */
function piecesOf({ text, span, statements }: Sequence): { pieces: readonly string[]; rest: string } {
  let from = span.start;
  const pieces = statements.map(({ source }) => {
    const piece = text.slice(from, source.end);
    from = source.end;
    return piece;
  });
  return { pieces, rest: text.slice(from, span.end) };
}

/**
 * The text of `live` with what comes in from `desired`: everything of live stays, in live's order; what is new stands behind
 * everything that is before it in `desired`, so that no name is used before it is defined. Where both have something new at one
 * place, live's is first. Comments come with the statement that they stand before.
 */
export function mergeStatements(live: Sequence, desired: Sequence, rules: MergeRules): string {
  const places = new Map(live.keys.map((key, i) => [key, i]));
  const wanted = new Set(desired.keys);
  const { pieces, rest } = piecesOf(live);
  const added = piecesOf(desired).pieces;
  const texts = pieces.map((piece) => [piece]);
  const first: string[] = [];
  const found = live.statements.findIndex(rules.end);
  const end = found < 0 ? live.statements.length : found;
  let next = 0;
  desired.statements.forEach((statement, i) => {
    const place = places.get(desired.keys[i]!);
    if (place !== undefined) {
      const own = live.statements[place]!;
      const before = pieces[place]!.slice(0, pieces[place]!.length - (own.source.end - own.source.start));
      texts[place]![0] = before + rules.both(own, statement);
      next = Math.max(next, place + 1);
      return;
    }
    const earliest = rules.earliest(statement);
    if (earliest === null) return;
    let at = Math.max(next, earliest);
    while (at < end && !wanted.has(live.keys[at]!)) at++;
    at = Math.min(at, Math.max(end, earliest));
    const piece = added[i]!;
    (texts[at - 1] ?? first).push(/^\s/.test(piece) ? piece : `\n${piece}`);
  });
  return [...first, ...texts.flat()].join('') + rest;
}
