import { UsageError } from '../core/errors.ts';

/** Whether `lost` of `all` sessions are more than --max-restarted allows: a number, or a percentage of those that run now. */
export function exceeds(lost: number, all: number, limit: string): boolean {
  const [, number, percent] = /^(\d+)(%)?$/.exec(limit) ?? [];
  if (number === undefined)
    throw new UsageError(`--max-restarted: expected a number or a percentage, found "${limit}"`);
  return lost > (percent ? (all * Number(number)) / 100 : Number(number));
}
