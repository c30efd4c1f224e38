/**
 * The fewest of `items` for which `fails` still holds, as far as leaving out ever smaller parts finds them: one, where one
 * alone is at fault. `fails(items)` must hold.
 */
export function bisect<T>(items: readonly T[], fails: (some: readonly T[]) => boolean): readonly T[] {
  let left = items;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < left.length; ) {
      const without = [...left.slice(0, at), ...left.slice(at + size)];
      if (without.length > 0 && fails(without)) left = without;
      else at += size;
    }
  }
  return left;
}
