import { type Claim, claimStateDir } from '../control/claim.ts';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { errnoOf } from '../host/system-error.ts';
import type { ConfdSettings } from './confd-settings.ts';
import { answerStatus, type ConfdStatus } from './confd-status.ts';

/** There is no place to keep anything in, so nobody else keeps anything there either. */
const NO_PLACE: readonly string[] = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOENT'];

/**
 * The state directory that this process alone works with, as in BGP mode; its status is answered there too. A noop needs none, as it writes
 * nothing; and where none can be made it goes on without, with a warning: confd had none.
 */
export class OwnStateDir {
  readonly #status: ConfdStatus;
  readonly #log: Log;
  #claim: Claim | null = null;
  #dir: string | null = null;

  constructor(status: ConfdStatus, log: Log) {
    this.#status = status;
    this.#log = log;
  }

  /** Takes what the settings name, in place of what was taken before. Rejects with a UsageError that names another process that has it. */
  async take({ stateDir, noop }: ConfdSettings): Promise<void> {
    const dir = noop ? null : stateDir;
    if (dir === this.#dir) return;
    const claim = dir === null ? null : await this.#claimed(dir);
    await this.release();
    this.#claim = claim;
    this.#dir = dir;
  }

  async release(): Promise<void> {
    await this.#claim?.release();
    this.#claim = null;
    this.#dir = null;
  }

  async #claimed(dir: string): Promise<Claim | null> {
    try {
      const claim = await claimStateDir(dir);
      claim.serve(answerStatus(this.#status, null));
      return claim;
    } catch (error) {
      if (!(error instanceof Error) || !NO_PLACE.includes(errnoOf(error.cause))) throw error;
      const message = `${messageOf(error)}: owed reloads are not remembered, and a second process is not noticed`;
      this.#log('warn', 'no-memory', { message });
      return null;
    }
  }
}
