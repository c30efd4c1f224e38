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
 * The items sorted; `before` is a sorted list that holds most of them, as of the last time: then this costs one look at each, and where
 * it holds just them it is the result. The items are all different, and no two are equal by `compare`.
 */
export function sortedFrom<T>(
  before: readonly T[],
  items: readonly T[],
  compare: (a: T, b: T) => number,
): readonly T[] {
  const added = new Set(items);
  const still = before.filter((item) => added.delete(item));
  if (added.size === 0) return still.length === before.length ? before : still;
  const parts: (readonly T[])[] = [];
  let from = 0;
  for (const item of [...added].sort(compare)) {
    const at = placeOf(item, still, from, compare);
    parts.push(still.slice(from, at), [item]);
    from = at;
  }
  return [...parts, still.slice(from)].flat() as T[];
}

/** Where `item` belongs in a sorted list, at `from` or behind it. */
function placeOf<T>(item: T, sorted: readonly T[], from: number, compare: (a: T, b: T) => number): number {
  let [low, high] = [from, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(sorted[middle]!, item) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
