import type { Clock } from './core/clock.ts';
import type { Dirty } from './core/dirty.ts';
import type { PassReport } from './pass/pass-report.ts';

/** All in milliseconds. */
export interface Pacing {
  /** Before sessions are restarted or removed, wait until nothing came for this long. */
  readonly quietMs: number;
  /** Never wait longer than this for quiet. */
  readonly maxWaitMs: number;
  /** A pass at least this often, to repair files that others have changed. */
  readonly resyncMs: number;
  /** Look this often whether BIRD is still the one that was confirmed. */
  readonly pollMs: number;
  /** How long to wait after the first failure, and at most; absent: 250 ms to 30 s. */
  readonly retry?: Retry;
}

export interface Retry {
  readonly firstMs: number;
  readonly lastMs: number;
}

const RETRY: Retry = { firstMs: 250, lastMs: 30_000 };

/** Changes that follow each other this closely are one: a pass for each would only be late for the last. */
const TOGETHER_MS = 100;
/** However dear a pass is: the end of a rush of changes should be in effect within a third of a second. */
const TOGETHER_MOST_MS = 150;

/** The wait before the try after `failures` failed ones: doubling, with up to a quarter of jitter, at most `lastMs`. */
export function backoffMs(failures: number, random: () => number, { firstMs, lastMs }: Retry = RETRY): number {
  const full = Math.min(firstMs * 2 ** (failures - 1), lastMs);
  return Math.round(full * (0.75 + 0.25 * random()));
}

/** What the loop goes by. */
export interface Verdict extends Pick<PassReport, 'outcome' | 'steps' | 'error'> {
  /** Something waits, and is looked at again at `until` (ms since 1970). */
  readonly hold: Pick<NonNullable<PassReport['hold']>, 'until'> | null;
}

export interface Loop {
  readonly dirty: Dirty;
  readonly clock: Clock;
  readonly pacing: Pacing;
  readonly random: () => number;
  /** One pass; it reads the snapshot itself, so always after the slot was cleared. Must not reject. */
  readonly pass: (isQuiet: boolean) => Promise<Verdict>;
  /** A look at BIRD; true when it is not what was confirmed, and a pass is due. Must not reject. */
  readonly poll: () => Promise<boolean>;
}

/**
 * The loop of one target, level-triggered: sources only raise the slot, and a pass looks at everything. A change during a pass
 * means exactly one more pass. The first change after a rest is applied at once; more of them together; and a plan by which sessions
 * go or go down is made again once it has been quiet. A retryable failure is tried again with backoff, every pass after a success
 * starts afresh; and a hold that has an end is looked at again when it ends. Resolves when `signal` aborts; a pass under way is finished first.
 */
export async function reconcile(loop: Loop, signal: AbortSignal): Promise<void> {
  const { dirty, clock, pacing, random, pass, poll } = loop;
  let failures = 0;
  let again = Number.POSITIVE_INFINITY;
  let last = { end: Number.NEGATIVE_INFINITY, took: 0 };
  let polled = clock.now();
  while (!signal.aborted) {
    const now = clock.now();
    const due = Math.min(again, last.end + pacing.resyncMs);
    const look = polled + pacing.pollMs;
    // Also where changes never end: most passes find nothing to tell BIRD, and do not see that it is another one.
    if (now >= look) {
      if (await poll()) dirty.raise();
      polled = clock.now();
      continue;
    }
    if (!dirty.raised && now < due) {
      await firstOf((over) => [dirty.wait(over), clock.sleep(Math.min(due, look) - now, over)], signal);
      continue;
    }
    // The dearer a pass, the longer what comes after it is gathered.
    const together = Math.min(Math.max(TOGETHER_MS, 2 * last.took), TOGETHER_MOST_MS, pacing.quietMs);
    if (dirty.raised && now - last.end < together) await settle(loop, together, signal);
    if (signal.aborted) return;
    let start = clock.now();
    dirty.take(); // with the one below the only places that clear it: what arrives from here on means another pass
    let report = await pass(false);
    if (report.outcome === 'waiting') {
      await settle(loop, pacing.quietMs, signal);
      if (signal.aborted) return;
      start = clock.now();
      dirty.take();
      report = await pass(true);
    }
    last = { end: clock.now(), took: clock.now() - start };
    if (report.steps.includes('reload')) polled = last.end;
    failures = report.error?.retryable === true ? failures + 1 : 0;
    again = Math.min(
      failures > 0 ? last.end + backoffMs(failures, random, pacing.retry) : Number.POSITIVE_INFINITY,
      endOf(report, last.end),
    );
  }
}

/** When the hold ends by itself; never where it has none, or outlived its end, which a pass that comes anyhow will see. */
const endOf = ({ hold }: Verdict, now: number): number =>
  hold && hold.until !== null && hold.until > now ? hold.until : Number.POSITIVE_INFINITY;

/** Waits until nothing came for `quietMs`. It only looks at the slot's wake-ups and leaves the clearing to the loop, so that none is lost. */
async function settle({ dirty, clock, pacing }: Loop, quietMs: number, signal: AbortSignal): Promise<void> {
  const end = clock.now() + pacing.maxWaitMs;
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
