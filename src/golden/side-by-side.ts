import { diffArrays, diffWordsWithSpace } from 'diff';

/** A piece of a line; marked where the other side says something else. */
export interface Piece {
  readonly text: string;
  readonly isMarked: boolean;
}

/** One line of one side. */
export interface Cell {
  /** 1-based. */
  readonly line: number;
  readonly pieces: readonly Piece[];
}

/** Lines beside each other, null where one side has none; or how many equal lines are left out. */
export type DiffRow =
  | { readonly kind: 'same' | 'changed'; readonly before: Cell | null; readonly after: Cell | null }
  | { readonly kind: 'skipped'; readonly lines: number };

type Shown = Exclude<DiffRow, { kind: 'skipped' }>;

const CONTEXT = 3;

const linesOf = (text: string | null): readonly string[] =>
  text === null || text === '' ? [] : text.replace(/\n$/, '').split('\n');

const plain = (line: number, text: string): Cell => ({ line, pieces: [{ text, isMarked: false }] });

/** Two lines that stand for each other, with the words that differ marked. */
function changedRow(before: Cell, after: Cell): Shown {
  const words = diffWordsWithSpace(before.pieces[0]?.text ?? '', after.pieces[0]?.text ?? '');
  const side = (leftOut: 'added' | 'removed', marked: 'added' | 'removed') =>
    words.filter((word) => !word[leftOut]).map((word): Piece => ({ text: word.value, isMarked: word[marked] }));
  return {
    kind: 'changed',
    before: { ...before, pieces: side('added', 'removed') },
    after: { ...after, pieces: side('removed', 'added') },
  };
}

/** Lines that went and lines that came in their place, pair by pair. */
function changedRows(gone: readonly Cell[], come: readonly Cell[]): readonly Shown[] {
  return Array.from({ length: Math.max(gone.length, come.length) }, (_, i): Shown => {
    const [before, after] = [gone[i] ?? null, come[i] ?? null];
    return before && after ? changedRow(before, after) : { kind: 'changed', before, after };
  });
}

function allRows(before: readonly string[], after: readonly string[]): readonly Shown[] {
  const rows: Shown[] = [];
  let [left, right] = [0, 0];
  let gone: readonly Cell[] = [];
  for (const { value, added, removed } of diffArrays([...before], [...after])) {
    if (removed) {
      gone = value.map((text) => plain(++left, text));
      continue;
    }
    const come = added ? value.map((text) => plain(++right, text)) : [];
    rows.push(...changedRows(gone, come));
    gone = [];
    if (!added)
      for (const text of value) rows.push({ kind: 'same', before: plain(++left, text), after: plain(++right, text) });
  }
  return [...rows, ...changedRows(gone, [])];
}

/** Two texts beside each other: what differs with three lines around it, and at most `limit` rows. Null is a text that is not there. */
export function sideBySide(before: string | null, after: string | null, limit: number): readonly DiffRow[] {
  const rows = allRows(linesOf(before), linesOf(after));
  const isNear = (i: number) =>
    rows.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ kind }) => kind === 'changed');
  const shown: DiffRow[] = [];
  let skipped = 0;
  const skip = () => {
    if (skipped > 0) shown.push({ kind: 'skipped', lines: skipped });
    skipped = 0;
  };
  for (const [i, row] of rows.entries()) {
    if (shown.length >= limit || !isNear(i)) {
      skipped++;
      continue;
    }
    skip();
    shown.push(row);
  }
  skip();
  return shown;
}
