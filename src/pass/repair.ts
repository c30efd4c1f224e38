import { asStageError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Target } from '../targets.ts';
import { isOpen } from '../transaction/machine.ts';
import { finish } from './change.ts';
import type { Place } from './place.ts';

/**
 * Takes up what a predecessor left half done: first the files are one whole bundle again, then BIRD is told. It needs no data, so it comes
 * before the datastore is asked. What fails stays open for the passes. Never rejects.
 */
export async function repair(target: Target, place: Place, log: Log, signal: AbortSignal): Promise<void> {
  const { at } = place.ledger.txn;
  // The predecessor may have died before it swept up.
  if (!isOpen(place.ledger.txn)) return place.sweep();
  const { outcome, error } = await finish(target, place, signal, async (_, work) => work()).catch((thrown) => ({
    outcome: 'failed',
    error: asStageError('commit', thrown),
  }));
  const failed = error ? { code: error.code, message: error.message } : {};
  log(error ? 'warn' : 'info', 'repair', {
    target: target.name,
    found: at,
    now: place.ledger.txn.at,
    outcome,
    ...failed,
  });
}
