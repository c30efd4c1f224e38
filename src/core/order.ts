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

/**
 * The items sorted; `before` is a sorted list that holds most of them, as of the last time: then this costs one look at each. The items are
 * all different, and no two are equal by `compare`.
 */
export function sortedFrom<T>(
  before: readonly T[],
  items: readonly T[],
  compare: (a: T, b: T) => number,
): readonly T[] {
  const added = new Set(items);
  const still = before.filter((item) => added.delete(item));
  // A sort finds what is in order already, and merges the rest into it.
  return [...still, ...added].sort(compare);
}
