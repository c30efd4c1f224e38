import { UsageError } from '../core/errors.ts';

/** How many sessions may restart or go: a number, or a share of those that there are. */
export interface Limit {
  readonly number: number;
  readonly isPercent: boolean;
}

/** Throws UsageError for what is neither `N` nor `N%`. */
export function parseLimit(text: string): Limit {
  const [, number, percent] = /^(\d+)(%)?$/.exec(text) ?? [];
  if (number === undefined) throw new UsageError(`--max-restarted: expected a number or a percentage, found "${text}"`);
  return { number: Number(number), isPercent: percent !== undefined };
}

export const exceedsLimit = (lost: number, all: number, { number, isPercent }: Limit): boolean =>
  lost > (isPercent ? (all * number) / 100 : number);
