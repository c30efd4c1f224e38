import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween, Journal } from '../../src/core/journal.ts';

/** Hands out copies, as a datastore does. */
class Copies {
  readonly #journal = new Journal();
  #map = new Map<string, number>();
  readonly handedOut: ReadonlyMap<string, number>[] = [];

  set(key: string, value: number | null): void {
    if (this.handedOut.at(-1) === this.#map) this.#map = new Map(this.#map);
    if (value === null) this.#map.delete(key);
    else this.#map.set(key, value);
    this.#journal.note(key);
  }

  handOut(): ReadonlyMap<string, number> {
    if (this.handedOut.at(-1) !== this.#map) this.#journal.mark(this.#map);
    this.handedOut.push(this.#map);
    return this.#map;
  }
}

describe('changesBetween', () => {
  const copies = (count: number, between = 1) => {
    const all = new Copies();
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < between; j++) all.set(`${i}.${j}`, i);
      all.handOut();
    }
    return all.handedOut;
  };

  it('names every key in which two Maps differ', () => {
    const step = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(fc.nat(2)), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const all = new Copies();
        all.handOut();
        for (const [key, value, handsOut] of steps) {
          all.set(key, value);
          if (handsOut) all.handOut();
        }
        const last = all.handOut();
        for (const before of all.handedOut) {
          const differ = [...new Set([...before.keys(), ...last.keys()])].filter((k) => before.get(k) !== last.get(k));
          expect([...(changesBetween(before, last) ?? [])]).toEqual(expect.arrayContaining(differ));
        }
      }),
    );
  });

  it('names no other, a change at a time, for however long', () => {
    const all = new Copies();
    for (let i = 0; i < 3_000; i++) {
      const before = all.handOut();
      all.set(`${i % 7}`, i);
      const now = all.handOut();
      expect([...changesBetween(before, now)!]).toEqual([`${i % 7}`]);
      expect([...changesBetween(now, now)!]).toEqual([]);
    }
  });

  it('does not know what changed long ago, or at once by the thousands', () => {
    const maps = copies(2_000);
    expect(changesBetween(maps[0]!, maps.at(-1)!)).toBeNull();
    const [one, other] = copies(2, 5_000);
    expect(changesBetween(one!, other!)).toBeNull();
  });

  it('knows nothing of Maps that come from elsewhere, or that come later', () => {
    const [one, other] = copies(2);
    expect(changesBetween(other!, one!)).toBeNull();
    expect(changesBetween(one!, copies(1)[0]!)).toBeNull();
    expect(changesBetween(new Map(), one!)).toBeNull();
    expect(changesBetween(one!, new Map(other!))).toBeNull();
  });
});
