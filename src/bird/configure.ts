import { StageError } from '../core/errors.ts';
import { type DaemonOptions, withBirdDaemon } from './daemon-session.ts';

export interface Configured {
  /** BIRD answered 0004 or 0005: it had protocols to restart, so sessions may have gone down. */
  readonly restarting: boolean;
  /** BIRD's text for the time it started. BIRD 1.6 is a second off now and then, so only more than that means another process. */
  readonly boot: string;
}

/**
 * Asks BIRD to read its configuration again and resolves once it says that it runs with it: asking again is harmless.
 * Rejects with a StageError `reload`: `config-error` (BIRD refuses the file and keeps running as before; not retryable),
 * or those of `BirdDaemon.configure`.
 */
export async function configureBird(socketPath: string, options: DaemonOptions): Promise<Configured> {
  const verdict = await withBirdDaemon(socketPath, options, (daemon) => daemon.configure());
  if (verdict.kind === 'running') return { restarting: verdict.restarting, boot: verdict.boot };
  const message = `BIRD at ${socketPath} refuses its configuration: ${verdict.code} ${verdict.message}`;
  throw new StageError('reload', 'config-error', message, { retryable: false });
}
