import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { reconcile } from '../reconciler.ts';
import type { ConfdStatus } from './confd-status.ts';
import type { GroupReport } from './group-pass.ts';
import type { Group } from './make-groups.ts';

/** What a group's loop runs by, and whom it tells. */
export interface LoopSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly status: Pick<ConfdStatus, 'record'>;
  /** A pass at least this often. */
  readonly intervalMs: number;
}

/** Longer than this no timer runs. */
const LONGEST_MS = 2_000_000_000;
const QUIET = { quietMs: 500, maxWaitMs: 5_000 };

/**
 * The loop over one group until `signal` aborts: a pass at every change, at every interval, and again after a failure, by the pacing that its
 * resources ask for - of several the most patient `wait`, and the most eager `retry`. A pass under way is finished first, unless `now` aborts.
 */
export function groupLoop(
  {
    units,
    dirty,
    pass,
  }: Pick<Group, 'dirty' | 'pass'> & { readonly units: readonly Pick<Group['units'][number], 'resources'>[] },
  { clock, log, status, intervalMs }: LoopSurroundings,
  { signal, now }: { readonly signal: AbortSignal; readonly now: AbortSignal },
): Promise<void> {
  const resources = units.flatMap((unit) => unit.resources);
  const waits = resources.flatMap(({ wait }) => wait ?? []);
  const retry = {
    firstMs: Math.min(...resources.map((one) => one.retry.firstMs)),
    lastMs: Math.min(...resources.map((one) => one.retry.lastMs)),
  };
  const quiet =
    waits.length === 0
      ? QUIET
      : {
          quietMs: Math.max(...waits.map(({ minMs }) => minMs)),
          maxWaitMs: Math.max(...waits.map(({ maxMs }) => maxMs)),
        };
  const tell = async (isQuiet: boolean) => {
    const report = await pass({ isQuiet, signal: now }).catch((error: unknown): GroupReport => {
      log('error', 'pass-failed', { message: messageOf(error) });
      throw error;
    });
    status.record(report, clock.now());
    return report;
  };
  const pacing = { ...quiet, resyncMs: Math.min(intervalMs, LONGEST_MS), pollMs: LONGEST_MS, retry };
  return reconcile({ dirty, clock, pacing, random: Math.random, pass: tell, poll: async () => false }, signal);
}
