import { joinRuns } from './runs.ts';

/** A code unit's rank in UTF-8 order: surrogates (U+10000 and up) sort after U+E000..U+FFFF, unlike in UTF-16. */
const rank = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

/** Orders strings by their UTF-8 bytes, never by locale, as Go does (spec calico-v3, appendix B). */
export function byBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** A comparator over objects: by the bytes of the string that `of` takes from each. */
export const byBytesOf =
  <T>(of: (item: T) => string) =>
  (a: T, b: T): number =>
    byBytes(of(a), of(b));

const SURROGATE = /[\ud800-\udfff]/;

/** The items by the bytes of the string that `of` takes from each. Of thousands, V8's own order is faster, and only surrogates tell it from this one. */
export function sortedByBytes<T>(items: readonly T[], of: (item: T) => string): T[] {
  const keyed = items.map((item) => ({ key: of(item), item }));
  const compare = keyed.some(({ key }) => SURROGATE.test(key))
    ? byBytes
    : (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ item }) => item);
}

/** So many are put into their places one by one; with more, all are sorted. */
const FEW = 16;

/**
 * Sorts lists of which each is much like the one before, as those of the nodes of one cluster are: that costs a look at each item, and a
 * search for each that is new. The items of a list are all different, and so are their strings.
 */
export class Sorter<T> {
  readonly #of: (item: T) => string;
  #items: readonly T[] = [];
  #sorted: readonly T[] = [];

  /** By the bytes of the string that `of` takes from each. */
  constructor(of: (item: T) => string) {
    this.#of = of;
  }

  /** The same array as the last time where it has the same items. */
  sort(items: readonly T[]): readonly T[] {
    const { gone, added } = difference(this.#items, items);
    const still = gone.size > 0 ? this.#sorted.filter((item) => !gone.has(item)) : this.#sorted;
    this.#items = items;
    this.#sorted =
      added.size > FEW ? sortedByBytes([...still, ...added], this.#of) : this.#withAdded(still, [...added]);
    return this.#sorted;
  }

  #withAdded(sorted: readonly T[], added: readonly T[]): readonly T[] {
    if (added.length === 0) return sorted;
    const parts: (readonly T[])[] = [];
    let from = 0;
    for (const item of sortedByBytes(added, this.#of)) {
      const at = this.#placeOf(item, sorted, from);
      parts.push(sorted.slice(from, at), [item]);
      from = at;
    }
    return joinRuns([...parts, sorted.slice(from)]);
  }

  /** Where `item` belongs, at `from` or behind it. */
  #placeOf(item: T, sorted: readonly T[], from: number): number {
    const key = this.#of(item);
    let [low, high] = [from, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (byBytes(this.#of(sorted[middle]!), key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The items of either list that the other one lacks. What both begin and end with is only looked at. */
function difference<T>(before: readonly T[], after: readonly T[]) {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let [end, last] = [before.length, after.length];
  while (end > start && last > start && before[end - 1] === after[last - 1]) [end, last] = [end - 1, last - 1];
  const gone = new Set(before.slice(start, end));
  const added = new Set(after.slice(start, last).filter((item) => !gone.delete(item)));
  return { gone, added };
}
