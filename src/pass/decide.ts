import { type Meaning, meaningOf } from '../bird/meaning.ts';
import type { BirdText } from '../bird/pieces.ts';
import type { NamedText } from '../core/named-text.ts';
import { letThrough } from '../datamodel/approval.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import { isDisruptive, plan, type Step } from '../plan.ts';
import { type Bundle, digestsOfTexts } from '../render/bundle.ts';
import { wholeOf } from '../render/whole.ts';
import type { Rendering, Target } from '../targets.ts';
import { type Tripped, trippedGuards } from '../transaction/guards.ts';
import { after, isOpen } from '../transaction/machine.ts';
import { type Baseline, baselineOf, confirmedOnDisk, heldBack } from './baseline.ts';
import { endExpiredHold, isForeignWriter, isStanding, keepHold } from './keep-hold.ts';
import type { PassReport } from './pass-report.ts';
import type { Place } from './place.ts';
import { runningSessions } from './running-sessions.ts';

/** A bundle that is to go live, and from where. */
export interface ChangeDecision {
  readonly do: 'change';
  readonly bundle: Bundle;
  readonly steps: readonly Step[];
  readonly from: Baseline | null;
  readonly meaning: Meaning;
  readonly release: string | null;
  readonly revision: string;
}

interface Through {
  /** The data as they are have gone through the guards, whole. */
  readonly isThrough: boolean;
  readonly meaning: Meaning | null;
}

export type Decision =
  | (ChangeDecision & Through)
  | ({ readonly do: 'rewrite'; readonly bundle: Bundle } & Through)
  | ({ readonly do: 'finish'; readonly about: Pick<ChangeDecision, 'revision' | 'release'> | null } & Through)
  | ({ readonly do: 'nothing'; readonly outcome: PassReport['outcome'] } & Through);

export interface Situation {
  readonly target: Target;
  readonly place: Place;
  readonly rendering: Rendering;
  readonly snapshot: Snapshot;
  readonly live: readonly NamedText[] | null;
  readonly isQuiet: boolean;
  readonly signal: AbortSignal;
}

const nothing = (outcome: PassReport['outcome'], meaning: Meaning | null = null): Decision => ({
  do: 'nothing',
  outcome,
  isThrough: outcome === 'unchanged',
  meaning,
});

/**
 * What this pass is to do, and the hold that stands after it, which it keeps in the ledger. It touches neither files nor BIRD, but that
 * a takeover asks BIRD what runs. Rejects with a StageError `commit` when the ledger or the kept bundles cannot be read or written.
 */
export async function decide(situation: Situation): Promise<Decision> {
  const { target, place, rendering, snapshot, live, isQuiet } = situation;
  const now = place.options.clock.now();
  await endExpiredHold(place, now);
  const { bundle } = rendering;
  if (!bundle) return nothing('nothing-to-write');
  const { ledger } = place;
  const { txn } = ledger;
  if (ledger.hold && isStanding(ledger.hold))
    return isOpen(txn) ? { do: 'finish', about: null, isThrough: false, meaning: null } : underStandingHold(situation);
  if (!isOpen(txn) && (await isForeignWriter(place, live, now))) return nothing('held');
  const from = await baselineOf(place, target, live);
  const confirmed = isOpen(txn) ? null : ledger.confirmed;
  const seen = { live: live && digestsOfTexts(live), confirmed };
  const stepsFor = (wanted: Bundle) => plan(wanted, seen);
  if (stepsFor(bundle).length === 0) {
    await keepHold(place, [], now);
    await forgetOtherPlans(place);
    await keepRelease(place, rendering);
    place.know(bundle.bytes, bundle.files);
    // A rewrite was cut short: done again, it also removes what it left beside the files.
    if (!place.ledger.live) return { do: 'rewrite', bundle, isThrough: true, meaning: null };
    return nothing('unchanged');
  }
  const before = from ? wholeOf(from.files) : '';
  const meaning = meaningOf(before, wholeOf(bundle.files));
  const tripped = await guard(situation, { before, meaning, bundle, now });
  const isThrough = tripped.length === 0;
  const isTakeover = tripped.some(({ kind }) => kind === 'takeover');
  const wanted = isThrough || isTakeover || !from ? bundle : heldBack(from, bundle);
  const { revision } = snapshot;
  const { release } = rendering;
  const steps = isTakeover ? [] : stepsFor(wanted);
  const isRefused = steps.length > 0 && txn.at === 'held' && txn.to === wanted.bytes;
  await keepHold(place, isRefused ? [...tripped, { kind: 'refused', why: txn.why }] : tripped, now);
  if (steps.length === 0 || isRefused) return nothing('held', meaning);
  if (isOpen(txn) && txn.to === wanted.bytes && !steps.includes('commit'))
    return { do: 'finish', about: { revision, release }, isThrough, meaning };
  const does = isThrough ? meaning : meaningOf(before, wholeOf(wanted.files));
  if (isDisruptive(does) && steps.includes('commit') && !isQuiet) return nothing('waiting', meaning);
  if (!steps.includes('reload')) return { do: 'rewrite', bundle: wanted, isThrough, meaning: null };
  return { do: 'change', bundle: wanted, steps, from, meaning: does, release, revision, isThrough };
}

/** Nothing new goes live, but BIRD is to run what was confirmed: it is asked for it again where it may not. */
function underStandingHold({ place, live }: Situation): Decision {
  const [last] = place.ledger.history;
  const bundle = confirmedOnDisk(place, live);
  if (place.ledger.confirmed !== null || !last || !bundle) return nothing('held');
  const text = wholeOf(bundle.files);
  const { release, revision } = last;
  const from = { id: bundle.bytes, files: bundle.files };
  const meaning = meaningOf(text, text);
  return { do: 'change', bundle, steps: ['reload'], from, meaning, release, revision, isThrough: false };
}

/** The data ask for what runs: what was refused, and what was approved, were other plans. */
async function forgetOtherPlans(place: Place): Promise<void> {
  const { txn, approval } = place.ledger;
  if (txn.at !== 'held' && approval === null) return;
  await place.save({ txn: after(txn, { is: 'resume' }), approval: null });
  await place.sweep();
}

interface Judged {
  readonly before: BirdText;
  readonly meaning: Meaning;
  readonly bundle: Bundle;
  readonly now: number;
}

async function guard(
  { target, place, rendering, snapshot, signal }: Situation,
  judged: Judged,
): Promise<readonly Tripped[]> {
  const { before, meaning, bundle, now } = judged;
  const { ledger, options } = place;
  const isFirst = ledger.history.length === 0 && !options.acceptTakeover;
  const tripped = trippedGuards(
    {
      before,
      after: wholeOf(bundle.files),
      meaning,
      takeover: isFirst ? { running: await runningSessions(target, place, signal) } : null,
      isReread: place.listing !== snapshot.listing,
      release: { now: rendering.release, confirmed: ledger.history[0]?.release ?? null },
    },
    options.limits,
  );
  const approved = new Set([...letThrough(rendering.approval, now), ...letThrough(ledger.approval, now)]);
  return tripped.filter(({ kind }) => !approved.has(kind));
}

/** A release that changed nothing is the one in effect: what changes later is not its doing. */
async function keepRelease(place: Place, { release }: Rendering): Promise<void> {
  const [last, ...older] = place.ledger.history;
  if (!last || release === null || release === last.release) return;
  await place.save({ history: [{ ...last, release }, ...older] });
}
