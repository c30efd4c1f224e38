import { holdBackFiles } from '../bird/hold-back.ts';
import { type Meaning, meaningOf } from '../bird/meaning.ts';
import type { BirdText } from '../bird/pieces.ts';
import type { HoldKind } from '../core/hold-kinds.ts';
import type { NamedText } from '../core/named-text.ts';
import { letThrough } from '../datamodel/approval.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import { isDisruptive, plan, type Step } from '../plan.ts';
import { type Bundle, digestsOfTexts, makeBlock, makeBundle, makeFile } from '../render/bundle.ts';
import { wholeOf } from '../render/whole.ts';
import type { Rendering, Target } from '../targets.ts';
import { type Tripped, trippedGuards } from '../transaction/guards.ts';
import type { Hold } from '../transaction/holds.ts';
import { isOpen } from '../transaction/machine.ts';
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

/** What BIRD runs, as far as can be told: the last confirmed bundle, else what lies on the disk. */
export interface Baseline {
  readonly id: Bundle['bytes'];
  readonly files: readonly NamedText[];
}

export interface Situation {
  readonly target: Target;
  readonly place: Place;
  readonly rendering: Rendering;
  readonly snapshot: Snapshot;
  readonly live: readonly NamedText[] | null;
  readonly isQuiet: boolean;
  readonly signal: AbortSignal;
}

/** A destination that changes under us more often than once in this long has another writer. */
const FOREIGN_MS = 600_000;

/** Holds that the data cannot end: they end by `resume`, or by themselves. */
const STANDING: readonly HoldKind[] = ['rollback', 'foreign-writer'];

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
  if (ledger.hold?.kinds.some((kind) => STANDING.includes(kind)))
    return isOpen(txn) ? { do: 'finish', about: null, isThrough: false, meaning: null } : nothing('held');
  if (!isOpen(txn) && (await isForeignWriter(situation, now))) return nothing('held');
  const from = await baselineOf(place, target, live);
  const confirmed = isOpen(txn) ? null : ledger.confirmed;
  const seen = { live: live && digestsOfTexts(live), confirmed };
  const stepsFor = (wanted: Bundle) => plan(wanted, seen);
  if (stepsFor(bundle).length === 0) {
    await setHold(place, [], now);
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
  await setHold(place, isRefused ? [...tripped, { kind: 'refused', why: txn.why }] : tripped, now);
  if (steps.length === 0 || isRefused) return nothing('held', meaning);
  // What BIRD refused is taken back to the end, or it would be tried over and over.
  const isTakenBack = txn.at === 'restoring' || txn.at === 'returning';
  if (isOpen(txn) && txn.to === wanted.bytes && (isTakenBack || !steps.includes('commit')))
    return { do: 'finish', about: { revision, release }, isThrough, meaning };
  const does = isThrough ? meaning : meaningOf(before, wholeOf(wanted.files));
  if (isDisruptive(does) && steps.includes('commit') && !isQuiet) return nothing('waiting', meaning);
  if (!steps.includes('reload')) return { do: 'rewrite', bundle: wanted, isThrough, meaning: null };
  return { do: 'change', bundle: wanted, steps, from, meaning: does, release, revision, isThrough };
}

/**
 * The last confirmed bundle is better known than the disk: somebody may have edited that. While a change is open it is where that one
 * came from, and the disk says nothing: what lies there may never have run.
 */
async function baselineOf(place: Place, target: Target, live: readonly NamedText[] | null): Promise<Baseline | null> {
  const { txn, history } = place.ledger;
  const id = (isOpen(txn) ? txn.from : history[0]?.bytes) ?? null;
  const files = await place.filesOf(id, target.fileNames);
  if (id !== null && files) return { id, files };
  return live && !isOpen(txn) ? { id: digestsOfTexts(live).bytes, files: live } : null;
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

/** What the wanted bundle only adds to what runs. It comes from no single resource any more. */
function heldBack(from: Baseline, wanted: Bundle): Bundle {
  const files = holdBackFiles(from.files, wanted.files).map(({ name, text }) => makeFile(name, [makeBlock(text, [])]));
  const [first, ...rest] = files;
  if (!first) throw new Error('bug: a bundle without files');
  return makeBundle([first, ...rest]);
}

async function isForeignWriter({ place, live }: Situation, now: number): Promise<boolean> {
  const { ledger } = place;
  const found = live && digestsOfTexts(live);
  if (!ledger.live || found?.bytes === ledger.live.bytes) return false;
  const recent = ledger.foreignWrites.filter((at) => now - at < FOREIGN_MS);
  // With what was found, so that the next pass, which may come before anything is written, does not count it again.
  await place.save({ foreignWrites: [...recent, now], live: found });
  if (recent.length === 0) return false;
  const why = `somebody else changed the files in ${place.options.output} twice within ten minutes: nothing is written any more`;
  await setHold(place, [{ kind: 'foreign-writer', why }], now);
  return true;
}

/** A release that changed nothing is the one in effect: what changes later is not its doing. */
async function keepRelease(place: Place, { release }: Rendering): Promise<void> {
  const [last, ...older] = place.ledger.history;
  if (!last || release === null || release === last.release) return;
  await place.save({ history: [{ ...last, release }, ...older] });
}

async function endExpiredHold(place: Place, now: number): Promise<void> {
  const { hold } = place.ledger;
  if (hold?.until && now >= hold.until) await place.save({ hold: null });
}

/** The age of a hold is that of its kinds. */
async function setHold(place: Place, tripped: readonly Tripped[], now: number): Promise<void> {
  const before = place.ledger.hold;
  const kinds = tripped.map(({ kind }) => kind);
  const why = tripped.map((each) => each.why);
  const since = before && before.kinds.join() === kinds.join() ? before.since : now;
  const hold: Hold | null = kinds.length > 0 ? { kinds, since, why, until: null } : null;
  if (JSON.stringify(hold) !== JSON.stringify(before)) await place.save({ hold });
}
