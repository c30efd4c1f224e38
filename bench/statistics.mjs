/** The value at a share (0…1) of the sorted list: nearest rank, so that it is always one of the values measured. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export const median = (values) => quantile(values, 0.5);

/** The median of a/b pair by pair: the machine's speed drifts, but hardly within one round. */
export const pairedRatio = (a, b) => median(a.map((value, at) => value / b[at]));
