import type { Clock } from './core/clock.ts';
import type { Dirty } from './core/dirty.ts';
import type { PassReport } from './pass.ts';

/** All in milliseconds. */
export interface Pacing {
  /** After a pass, wait until nothing came for this long. A first change after quiet is not delayed. */
  readonly quietMs: number;
  /** Never wait longer than this for quiet. */
  readonly maxWaitMs: number;
  /** A pass at least this often, to repair files that others have changed. */
  readonly resyncMs: number;
}

const RETRY_FIRST_MS = 250;
const RETRY_LAST_MS = 30_000;

/** The wait before the try after `failures` failed ones: doubling, with up to a quarter of jitter, at most 30 s. */
export function backoffMs(failures: number, random: () => number): number {
  const full = Math.min(RETRY_FIRST_MS * 2 ** (failures - 1), RETRY_LAST_MS);
  return Math.round(full * (0.75 + 0.25 * random()));
}

export interface Loop {
  readonly dirty: Dirty;
  readonly clock: Clock;
  readonly pacing: Pacing;
  readonly random: () => number;
  /** One pass; it reads the snapshot itself, so always after the slot was cleared. Must not reject. */
  readonly pass: () => Promise<PassReport>;
}

/**
 * The loop of one target, level-triggered: sources only raise the slot, and a pass looks at everything. A change during a pass
 * means exactly one more pass. A retryable failure is tried again with backoff, every pass after a success starts afresh.
 * Resolves when `signal` aborts; a pass under way is finished first.
 */
export async function reconcile({ dirty, clock, pacing, random, pass }: Loop, signal: AbortSignal): Promise<void> {
  let failures = 0;
  let retryAt: number | null = null;
  let lastEnd = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const now = clock.now();
    const due = Math.min(retryAt ?? Number.POSITIVE_INFINITY, lastEnd + pacing.resyncMs);
    if (!dirty.raised && now < due) {
      await firstOf((over) => [dirty.wait(over), clock.sleep(due - now, over)], signal);
      continue;
    }
    if (dirty.raised && now - lastEnd < pacing.quietMs) await settle(dirty, clock, pacing, signal);
    if (signal.aborted) return;
    dirty.take(); // the only place that clears it: what arrives from here on means another pass
    const report = await pass();
    lastEnd = clock.now();
    const again = report.error?.retryable === true;
    failures = again ? failures + 1 : 0;
    retryAt = again ? lastEnd + backoffMs(failures, random) : null;
  }
}

/** Waits for quiet. It only looks at the slot's wake-ups and leaves the clearing to the loop, so that none is lost. */
async function settle(dirty: Dirty, clock: Clock, { quietMs, maxWaitMs }: Pacing, signal: AbortSignal): Promise<void> {
  const end = clock.now() + maxWaitMs;
  for (let quiet = false; !quiet && clock.now() < end && !signal.aborted; ) {
    const quietAt = Math.min(clock.now() + quietMs, end);
    await firstOf((over) => [dirty.next(over), clock.sleep(quietAt - clock.now(), over)], signal);
    quiet = clock.now() >= quietAt;
  }
}

/** Resolves with the first of them, and ends the others by the signal that they are given. */
async function firstOf(start: (over: AbortSignal) => readonly Promise<void>[], signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  await Promise.race(start(AbortSignal.any([signal, over.signal])));
  over.abort();
}
