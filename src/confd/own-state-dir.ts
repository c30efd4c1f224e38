import { type Claim, claimStateDir } from '../control/claim.ts';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { errnoOf } from '../host/system-error.ts';
import type { ConfdSettings } from './confd-settings.ts';
import { answerStatus, type ConfdStatus } from './confd-status.ts';

/** There is no place to keep anything in, so nobody else keeps anything there either. */
const NO_PLACE: readonly string[] = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOENT'];

/**
 * Makes this process the only one that works with its state directory, as in BGP mode; its status is answered there too. Null for a noop,
 * which writes nothing, and, with a warning, where no directory can be made: confd had none. Rejects with a UsageError that names the
 * other process.
 */
export async function ownStateDir(
  { stateDir, noop }: ConfdSettings,
  status: ConfdStatus,
  log: Log,
): Promise<Claim | null> {
  if (noop) return null;
  try {
    const claim = await claimStateDir(stateDir);
    claim.serve(answerStatus(status));
    return claim;
  } catch (error) {
    if (!(error instanceof Error) || !NO_PLACE.includes(errnoOf(error.cause))) throw error;
    const message = `${messageOf(error)}: owed reloads are not remembered, and a second process is not noticed`;
    log('warn', 'no-memory', { message });
    return null;
  }
}
