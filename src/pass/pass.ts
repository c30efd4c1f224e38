import { sortDiagnostics } from '../core/diagnostic.ts';
import { asStageError, type Stage } from '../core/errors.ts';
import { byBytesOf } from '../core/order.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import type { Rendering, Target } from '../targets.ts';
import { mayBegin } from '../transaction/machine.ts';
import { type Changed, change, finish, rewrite } from './change.ts';
import { decide, type Situation } from './decide.ts';
import { isolate, type Suspects } from './isolate.ts';
import { keepOwner } from './keep-owner.ts';
import type { PassReport } from './pass-report.ts';
import type { Place } from './place.ts';
import { inEffect, stillWithheld, type WithheldValues, withheldDiagnostics } from './withheld.ts';

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
    const live = await timed('commit', () => place.live(target.fileNames));
    await timed('commit', () => keepOwner(target, place, live));
    if (place.isOtherDaemon) await timed('commit', () => place.save({ confirmed: null }));
    place.isOtherDaemon = false;
    const suspects = { target, place, snapshot, live, signal: options.signal };
    let withheld = stillWithheld(snapshot, place.options.prefixes, place.ledger.withheld);
    const render = () =>
      timed('render', () => target.render(inEffect(snapshot, withheld), live)).then((made) => ({
        ...made,
        diagnostics: sortDiagnostics([...made.diagnostics, ...withheldDiagnostics(withheld)]),
      }));
    rendering = await render();
    await remember(place, rendering, withheld);
    // Where BIRD may run under a timer, something is taken back, or nothing new can be had, what is open comes first.
    if (!mayBegin(place.ledger.txn) || !rendering.bundle) done = await finish(target, place, options.signal, timed);
    if (!done.error) {
      try {
        done = await proceed({ ...suspects, ...options, rendering }, withheld, done, timed);
      } catch (thrown) {
        const guilty = await findGuilty(suspects, thrown, withheld);
        if (!guilty) throw thrown;
        withheld = guilty;
        rendering = await render();
        await remember(place, rendering, withheld);
        done = await proceed({ ...suspects, ...options, rendering }, withheld, done, timed);
      }
    }
  } catch (thrown) {
    done = { ...done, error: asStageError('render', thrown) };
  }
  const { bundle = null, diagnostics = [] } = rendering ?? {};
  const { steps, error, meaning } = done;
  const outcome = error ? 'failed' : done.outcome;
  return { outcome, steps, error, diagnostics, revision, bundle, meaning, hold: place.ledger.hold, timings };
}

/** Decides, and does it. Rejects with a StageError when a stage before the first rename fails. */
async function proceed(
  situation: Situation,
  withheld: WithheldValues,
  before: Changed,
  timed: Timed,
): Promise<Changed> {
  const { target, place, snapshot, signal } = situation;
  const decision = await decide(situation);
  let done = before;
  if (decision.do === 'change') done = await change(decision, target, place, signal, timed);
  else if (decision.do === 'rewrite') done = await rewrite(decision.bundle, target, place, signal, timed);
  else if (decision.do === 'finish') done = await finish(target, place, signal, timed, decision.about);
  else if (decision.outcome !== 'unchanged') done = { ...before, outcome: decision.outcome, meaning: decision.meaning };
  if (done.error) return done;
  // A plan that BIRD refused at last is held, and has not gone through.
  if (decision.isThrough && !place.ledger.hold) {
    place.listing = snapshot.listing;
    place.accepted = inEffect(snapshot, withheld);
  }
  return place.ledger.hold ? { ...done, outcome: 'held', meaning: decision.meaning } : done;
}

/** Looks once for the values behind a refusal; null when it is none, or they are not to be found. */
async function findGuilty(
  suspects: Suspects,
  thrown: unknown,
  withheld: WithheldValues,
): Promise<WithheldValues | null> {
  const { refused } = suspects.place;
  if (!refused || refused.blame.error !== thrown || refused.isTraced) return null;
  const guilty = await isolate(suspects, refused.blame, withheld);
  // Not where it was cut short: then it is looked for again with the next try.
  refused.isTraced = true;
  return guilty;
}

/** What must outlive us as soon as it is in effect: the last good values, and since when a password is only known from the file. */
async function remember(place: Place, { lastGood, kept, data }: Rendering, withheld: WithheldValues): Promise<void> {
  const before = place.ledger.keptPasswords;
  const now = place.options.clock.now();
  const next = {
    lastGood: Object.fromEntries([...lastGood].sort(byBytesOf(([key]) => key))),
    withheld,
    data: data ?? place.ledger.data,
    keptPasswords: Object.fromEntries(kept.map((session) => [session, before[session] ?? now])),
  };
  const { ledger } = place;
  const known = { lastGood: ledger.lastGood, withheld: ledger.withheld, data: ledger.data, keptPasswords: before };
  if (JSON.stringify(next) !== JSON.stringify(known)) await place.save(next);
}
