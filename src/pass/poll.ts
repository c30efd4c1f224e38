import { withBirdSocket } from '../bird/control-socket.ts';
import { readDaemonStatus } from '../bird/daemon-status.ts';
import { isSameMoment } from '../bird/same-moment.ts';
import { isOpen } from '../transaction/machine.ts';
import type { Place } from './place.ts';

/**
 * Looks whether the BIRD of this place is still the process that was confirmed, with the configuration that was confirmed: somebody may
 * have started it again, or had it read a file. If not, what it runs counts as unknown, and is asked for again by the next pass. True
 * when such a pass is due; a BIRD that does not answer makes none, but is noted. Never rejects.
 */
export async function isAnotherDaemon(place: Place, signal: AbortSignal): Promise<boolean> {
  const { ledger, options } = place;
  if (isOpen(ledger.txn)) return false;
  try {
    const socket = { signal, timeoutMs: place.replyMs };
    const reply = await withBirdSocket(options.socket, socket, (session) => session.command('show status'));
    const { boot, reconfigured } = readDaemonStatus(reply);
    place.silentSince = null;
    if (ledger.confirmed === null || ledger.boot === null || boot === null) return false;
    const isSame = isSameMoment(boot, ledger.boot) && isSameMoment(reconfigured ?? '', ledger.reconfigured ?? '');
    if (!isSame) place.isOtherDaemon = true;
    return !isSame;
  } catch {
    place.silentSince ??= options.clock.now();
    return false;
  }
}
