import { diffArrays } from 'diff';
import { canonical, parseStatements, type Statement } from '../bird/statements.ts';
import { withoutPasswords } from '../bird/syntax.ts';
import type { StatementChange } from './report.ts';

/** More than this of one file nobody reads; the text diff has them all. */
const MAX_CHANGES = 200;

interface Side {
  readonly statements: readonly Statement[];
  /** The line after the last statement, where a missing one would stand. */
  readonly end: number;
}

/** What makes two statements the same option with another value: their first words. */
const optionOf = ({ words, body }: Statement): string => `${/^\S+( [a-z]\S*)?/.exec(words)?.[0]}${body ? '{' : ''}`;

const lineOf = ({ statements, end }: Side, at: number): number => statements[at]?.line ?? end;
const told = (statement: Statement): string => withoutPasswords(canonical(statement));

function lastLine({ line, body }: Statement): number {
  return body?.length ? Math.max(line, ...body.map(lastLine)) : line;
}

/** Pairs what went with what came: first the statements of the same words, whose bodies differ, then those of one option, in order. */
function pairs(gone: readonly Statement[], come: readonly Statement[]): ReadonlyMap<Statement, Statement> {
  const found = new Map<Statement, Statement>();
  const left = new Set(come);
  for (const sameness of [({ words }: Statement) => words, optionOf]) {
    for (const old of gone) {
      if (found.has(old)) continue;
      const partner = [...left].find(
        (each) => sameness(each) === sameness(old) && Boolean(each.body) === Boolean(old.body),
      );
      if (!partner) continue;
      found.set(old, partner);
      left.delete(partner);
    }
  }
  return found;
}

function* walk(before: Side, after: Side, within: readonly string[]): Generator<StatementChange> {
  const [b, a] = [before.statements, after.statements];
  let [i, j] = [0, 0];
  const single = (old: Statement | null, now: Statement | null): StatementChange => ({
    within,
    before: old && told(old),
    after: now && told(now),
    beforeLine: old?.line ?? lineOf(before, i),
    afterLine: now?.line ?? lineOf(after, j),
  });
  // Aligned by their words: a protocol whose body differs is still the same protocol.
  const hunks = diffArrays(
    b.map(({ words }) => words),
    a.map(({ words }) => words),
  );
  let gone: readonly Statement[] = [];
  for (const [at, { removed, added, count = 0 }] of hunks.entries()) {
    if (removed) {
      gone = b.slice(i, i + count);
      if (hunks[at + 1]?.added) continue;
    }
    const come = added ? a.slice(j, j + count) : [];
    if (removed || added) {
      const partners = pairs(gone, come);
      const met = new Set(partners.values());
      for (const old of gone) {
        const now = partners.get(old) ?? null;
        if (old.body && now?.body && old.words === now.words) yield* inside(old, now, within);
        else yield single(old, now);
      }
      for (const now of come) if (!met.has(now)) yield single(null, now);
      i += gone.length;
      j += come.length;
      gone = [];
      continue;
    }
    for (let n = 0; n < count; n++, i++, j++) {
      const [old, now] = [b[i], a[j]];
      if (!old || !now || canonical(old) === canonical(now)) continue;
      if (old.body && now.body) yield* inside(old, now, within);
      else yield single(old, now);
    }
  }
}

const inside = (before: Statement, after: Statement, within: readonly string[]): Generator<StatementChange> =>
  walk(
    { statements: before.body ?? [], end: lastLine(before) + 1 },
    { statements: after.body ?? [], end: lastLine(after) + 1 },
    [...within, before.words],
  );

const sideOf = (text: string): Side => {
  const statements = parseStatements(text);
  return { statements, end: text.split('\n').length };
};

/**
 * The statements in which two configuration texts differ, each with where it stands, as deep in the bodies as possible; in the order of
 * the texts, 200 at most. Passwords are not shown. Never throws.
 */
export function statementChanges(before: string, after: string): readonly StatementChange[] {
  const changes: StatementChange[] = [];
  for (const change of walk(sideOf(before), sideOf(after), [])) {
    changes.push(change);
    if (changes.length === MAX_CHANGES) break;
  }
  return changes;
}
