import { meaningOf } from '../bird/meaning.ts';
import { UsageError } from '../core/errors.ts';
import { isDisruptive } from '../plan.ts';
import { wholeOf } from '../render/whole.ts';
import type { Target } from '../targets.ts';
import { after, mayBegin } from '../transaction/machine.ts';
import { follow } from './change.ts';
import type { Place } from './place.ts';

/**
 * Puts the bundle that was confirmed `back` before the newest into place, has BIRD run it, and holds: what the data say waits until
 * `resume`, or for `forMs`. Rejects with a UsageError when there is none, or a change is just being confirmed, and with what stopped it.
 */
export async function rollBack(
  target: Target,
  place: Place,
  { back, forMs, signal }: { readonly back: number; readonly forMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { history, txn } = place.ledger;
  const [newest, wanted] = [history[0], history[back]];
  if (!newest || !wanted) {
    const count = Math.max(0, history.length - 1);
    throw new UsageError(
      `rollback ${back}: ${target.name} has ${count} older confirmed bundles: birdconfd status lists them`,
    );
  }
  if (!mayBegin(txn))
    throw new UsageError(
      `rollback: a change of ${target.name} is still being confirmed or taken back: try again in a minute`,
    );
  const [from, to] = await Promise.all([newest, wanted].map(({ bytes }) => place.filesOf(bytes, target.fileNames)));
  if (!to) throw new UsageError(`rollback ${back}: the files of that bundle are gone`);
  const meaning = meaningOf(wholeOf(from ?? []), wholeOf(to));
  const since = place.options.clock.now();
  const why = `rolled back to the bundle of revision ${wanted.revision}, confirmed ${new Date(wanted.at).toISOString()}`;
  const timer = isDisruptive(meaning);
  await place.save({
    hold: { kinds: ['rollback'], since, why: [why], until: since + forMs },
    txn: after(txn, { is: 'begin', from: newest.bytes, to: wanted.bytes, timer, isOnDisk: false }),
    confirmed: null,
  });
  const { error } = await follow(target, place, wanted, signal);
  if (error) throw error;
  const came = place.ledger.txn;
  if (came.at === 'held') throw new UsageError(`rollback ${back}: BIRD did not take that bundle: ${came.why}`);
}
