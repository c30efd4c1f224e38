/**
 * At most `limit` bundles: where there are more, all those of the smallest sizes are put together as one, which comes last. Order is kept.
 */
export function thinOut<T>(
  bundles: readonly (readonly T[])[],
  limit: number,
): { readonly kept: readonly (readonly T[])[]; readonly merged: readonly T[] } {
  const sizes = [...new Set(bundles.map(({ length }) => length))].sort((a, b) => a - b);
  const fits = (size: number) => bundles.filter(({ length }) => length > size).length < limit;
  const size = bundles.length <= limit ? 0 : (sizes.find(fits) ?? 0);
  return {
    kept: bundles.filter(({ length }) => length > size),
    merged: bundles.filter(({ length }) => length <= size).flat(),
  };
}
