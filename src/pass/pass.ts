import type { Stage } from '../core/errors.ts';
import { asStageError } from '../core/errors.ts';
import { byBytesOf } from '../core/order.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import { readLive } from '../host/observe.ts';
import type { Rendering, Target } from '../targets.ts';
import { mayBegin } from '../transaction/machine.ts';
import { type Changed, change, finish, rewrite } from './change.ts';
import { decide } from './decide.ts';
import { keepOwner } from './keep-owner.ts';
import type { PassReport } from './pass-report.ts';
import type { Place } from './place.ts';

export interface PassOptions {
  readonly signal: AbortSignal;
  /** Nothing has changed for a while, or things have not stopped changing for long enough: sessions may be restarted. */
  readonly isQuiet: boolean;
}

/** Runs `work` as part of a stage: it is timed, and what it throws is that stage's StageError. */
export type Timed = <T>(stage: Stage, work: () => Promise<T> | T) => Promise<T>;

/**
 * One pass over one target: render, decide, check, commit, reload, confirm - as far as needed and as far as it goes. Never rejects: a
 * failed stage is in the report, and what it left undone is found by the next pass, also after a restart, because the plan compares
 * the files on disk and the ledger with what is wanted (architecture 6).
 */
export async function runPass(
  target: Target,
  snapshot: Snapshot,
  place: Place,
  options: PassOptions,
): Promise<PassReport> {
  const timings: Partial<Record<Stage, number>> = {};
  const { clock } = place.options;
  const timed: Timed = async (stage, work) => {
    const start = clock.now();
    try {
      return await work();
    } catch (thrown) {
      throw asStageError(stage, thrown);
    } finally {
      timings[stage] = (timings[stage] ?? 0) + clock.now() - start;
    }
  };
  const { revision } = snapshot;
  let rendering: Rendering | null = null;
  let done: Changed = { outcome: 'unchanged', steps: [], meaning: null, error: null };
  try {
    const live = await timed('commit', () => readLive(place.options.output, target.fileNames));
    await timed('commit', () => keepOwner(target, place, live));
    rendering = await timed('render', () => target.render(snapshot, live));
    await remember(place, rendering);
    // Where BIRD may run under a timer, or nothing new can be had, what is open comes first.
    if (!mayBegin(place.ledger.txn) || !rendering.bundle) done = await finish(target, place, options.signal, timed);
    if (!done.error) {
      const decision = await decide({ target, place, rendering, snapshot, live, ...options });
      if (decision.do === 'change') done = await change(decision, target, place, options.signal, timed);
      else if (decision.do === 'rewrite') done = await rewrite(decision.bundle, target, place, options.signal, timed);
      else if (decision.do === 'finish') done = await finish(target, place, options.signal, timed, decision.about);
      else if (decision.outcome !== 'unchanged') done = { ...done, ...decision };
      if (decision.isThrough && !done.error) place.listing = snapshot.listing;
      if (place.ledger.hold && !done.error) done = { ...done, outcome: 'held', meaning: decision.meaning };
    }
  } catch (thrown) {
    done = { ...done, error: asStageError('render', thrown) };
  }
  const { bundle = null, diagnostics = [] } = rendering ?? {};
  const { steps, error, meaning } = done;
  const outcome = error ? 'failed' : done.outcome;
  return { outcome, steps, error, diagnostics, revision, bundle, meaning, hold: place.ledger.hold, timings };
}

/** What must outlive us as soon as it is in effect: the last good values, and since when a password is only known from the file. */
async function remember(place: Place, { lastGood, kept }: Rendering): Promise<void> {
  const before = place.ledger.keptPasswords;
  const now = place.options.clock.now();
  const next = {
    lastGood: Object.fromEntries([...lastGood].sort(byBytesOf(([key]) => key))),
    keptPasswords: Object.fromEntries(kept.map((session) => [session, before[session] ?? now])),
  };
  const known = { lastGood: place.ledger.lastGood, keptPasswords: before };
  if (JSON.stringify(next) !== JSON.stringify(known)) await place.save(next);
}
