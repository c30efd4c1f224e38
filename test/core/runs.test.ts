import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Runs } from '../../src/core/runs.ts';

const items = (count: number): object[] => Array.from({ length: count }, () => ({}));

/** How many runs of `after` were not cut from `before`. */
function newRuns(runs: Runs<object>, before: readonly object[], after: readonly object[]): number {
  const known = new Set(runs.cut(before));
  return runs.cut(after).filter((run) => !known.has(run)).length;
}

describe('Runs', () => {
  it('gives all items back in order, whatever was cut before', () => {
    const pool = items(600);
    const list = fc.uniqueArray(fc.nat(pool.length - 1), { maxLength: 600 }).map((all) => all.map((i) => pool[i]!));
    fc.assert(
      fc.property(fc.array(list, { minLength: 1, maxLength: 6 }), (lists) => {
        const runs = new Runs();
        for (const each of lists) {
          const cut = runs.cut(each);
          expect(cut.flat()).toEqual(each);
          expect(cut.every((run) => run.length > 0)).toBe(true);
        }
      }),
    );
  });

  it('cuts the same list into the same arrays', () => {
    const runs = new Runs();
    const list = items(5_000);
    expect(newRuns(runs, list, [...list])).toBe(0);
    expect(runs.cut([])).toEqual([]);
  });

  it('knows two lists that take turns, also where one comes twice', () => {
    const runs = new Runs();
    const [one, other] = [items(1_000), items(1_000)];
    const cut = [runs.cut(one), runs.cut(other)];
    for (const list of [one, one, other, other, one]) {
      const known = new Set(cut.flat());
      expect(runs.cut([...list]).every((run) => known.has(run))).toBe(true);
    }
  });

  it.each([
    ['at the front', 0],
    ['in the midst', 2_500],
    ['at the end', 5_000],
  ])('makes few runs anew for an item %s', (_, at) => {
    const runs = new Runs();
    const list = items(5_000);
    expect(newRuns(runs, list, list.toSpliced(at, 0, {}))).toBeLessThanOrEqual(2);
    expect(newRuns(runs, list, list.toSpliced(Math.min(at, 4_999), 1))).toBeLessThanOrEqual(2);
  });

  it('neither crumbles nor clots a list by thousands of changes, each of which costs few runs', () => {
    const runs = new Runs();
    let list: readonly object[] = items(1_000);
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (where, adds) => {
        const at = where % list.length;
        const next = adds ? list.toSpliced(at, 0, {}) : list.toSpliced(at, 1);
        expect(newRuns(runs, list, next)).toBeLessThanOrEqual(4);
        list = next;
      }),
      { numRuns: 3_000, seed: 7 },
    );
    const lengths = runs.cut(list).map(({ length }) => length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(144);
    expect(lengths.length).toBeLessThan(list.length / 16);
  });
});
