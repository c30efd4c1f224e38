import type { Meaning } from '../bird/meaning.ts';
import type { StageError } from '../core/errors.ts';
import { commitFiles } from '../host/commit.ts';
import { isDisruptive, type Step } from '../plan.ts';
import type { Bundle } from '../render/bundle.ts';
import type { Target } from '../targets.ts';
import { drive } from '../transaction/drive.ts';
import { after, isOpen } from '../transaction/machine.ts';
import { checkBundle } from './check-bundle.ts';
import type { ChangeDecision } from './decide.ts';
import { keepOwner } from './keep-owner.ts';
import type { Timed } from './pass.ts';
import type { Outcome } from './pass-report.ts';
import type { Place } from './place.ts';
import { type About, worldOf } from './world.ts';

/** What a pass did. */
export interface Changed {
  readonly outcome: Outcome;
  readonly steps: readonly Step[];
  readonly meaning: Meaning | null;
  readonly error: StageError | null;
}

/**
 * Has the bundle checked, begins its transaction and drives it as far as it goes. Rejects with a StageError `check` or `commit` as long
 * as nothing has been touched; what stops it later is in the result, and the transaction stays open.
 */
export async function change(
  { bundle, steps, from, meaning, release, revision }: ChangeDecision,
  target: Target,
  place: Place,
  signal: AbortSignal,
  timed: Timed,
): Promise<Changed> {
  if (steps.includes('commit')) {
    // While BIRD parses the kept files, theirs go to the disk; a refused bundle's are removed again.
    await place.stage(bundle.bytes, bundle.files);
    await checkBundle(bundle, target, place, signal, timed).catch(async (thrown) => {
      await place.unstage();
      throw thrown;
    });
  } else await timed('commit', () => place.put(bundle.bytes, bundle.files));
  if (from) await timed('commit', () => place.put(from.id, from.files));
  const { txn } = place.ledger;
  const isOnDisk = !steps.includes('commit');
  const began = after(txn, {
    is: 'begin',
    from: from?.id ?? null,
    to: bundle.bytes,
    timer: isDisruptive(meaning),
    isOnDisk,
  });
  await timed('commit', () => place.save({ txn: began, confirmed: null }));
  const done = await timed('reload', () => follow(target, place, { revision, release }, signal));
  return { ...done, steps, meaning };
}

/** Takes an open transaction as far as it goes; nothing to do at `idle` and `held`. `known`: of the data that it was made from. */
export async function finish(
  target: Target,
  place: Place,
  signal: AbortSignal,
  timed: Timed,
  known: About | null = null,
): Promise<Changed> {
  const { txn, history } = place.ledger;
  if (!isOpen(txn)) return { outcome: 'unchanged', steps: [], meaning: null, error: null };
  const about = known ?? { revision: history[0]?.revision ?? '', release: history[0]?.release ?? null };
  await timed('commit', () => keepOwner(target, place, null));
  const done = await timed('reload', () => follow(target, place, about, signal));
  return { ...done, steps: ['reload'], meaning: null };
}

/** Only comments differ: BIRD need not know. */
export async function rewrite(
  bundle: Bundle,
  target: Target,
  place: Place,
  signal: AbortSignal,
  timed: Timed,
): Promise<Changed> {
  await checkBundle(bundle, target, place, signal, timed);
  const { bytes, statements, files } = bundle;
  await timed('commit', async () => {
    // Who dies in the midst of it must not take his own files for another writer's.
    await place.save({ live: null });
    await commitFiles(files, await place.options.destination());
    const [last, ...older] = place.ledger.history;
    await place.save({ live: { bytes, statements }, history: last ? [{ ...last, bytes, statements }, ...older] : [] });
    await place.sweep();
  });
  return { outcome: 'committed', steps: ['commit'], meaning: null, error: null };
}

/** Drives the transaction that the ledger holds, and keeps where it came to. Rejects with a StageError `commit` when that cannot be kept. */
export async function follow(
  target: Target,
  place: Place,
  about: About,
  signal: AbortSignal,
): Promise<Pick<Changed, 'outcome' | 'error'>> {
  const { txn, error, seen } = await drive(place.ledger.txn, worldOf(target, place, about, signal));
  if (seen) place.silentSince = null;
  if (txn !== place.ledger.txn) await place.save({ txn });
  if (txn.at === 'held') {
    const now = place.options.clock.now();
    await place.save({ hold: { kinds: ['refused'], since: now, why: [txn.why], until: null } });
    return { outcome: 'held', error: null };
  }
  if (error) return { outcome: 'failed', error };
  await place.sweep();
  return { outcome: 'confirmed', error: null };
}
