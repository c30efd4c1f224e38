import { readConfiguration } from '../bird/protocols.ts';
import { wholeOf } from '../render/whole.ts';
import type { Target } from '../targets.ts';
import { isOpen } from '../transaction/machine.ts';
import type { Place } from './place.ts';

/**
 * Whether BIRD was started with another listening address or port than the bundle that it confirmed asks for: BIRD 1.6 says that it is
 * reconfigured, and takes them only when it starts again. False while a change is under way.
 */
export async function needsRestart({ fileNames }: Target, place: Place): Promise<boolean> {
  const { listen, txn, history } = place.ledger;
  if (listen === null || isOpen(txn)) return false;
  const files = await place.filesOf(history[0]?.bytes ?? null, fileNames);
  return files !== null && readConfiguration(wholeOf(files)).listen !== listen;
}
