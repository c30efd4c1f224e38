import { UsageError } from '../core/errors.ts';
import { askSocket, type Question } from './ask-socket.ts';
import { SOCKET } from './claim.ts';

/** What the service said; `text` is JSON for /status, for every operation and for every status of 400 and above but 503 of /readyz. */
export interface ServiceAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Asks the birdconfd that runs on `stateDir`. Resolves with whatever it answers; rejects with a UsageError that says what to do when
 * none runs there, when it may not be asked, or when it does not answer within `timeoutMs`.
 */
export async function askService(
  stateDir: string,
  method: Question['method'],
  path: string,
  { timeoutMs = 10_000 } = {},
): Promise<ServiceAnswer> {
  const asked = await askSocket(stateDir, SOCKET, { method, path, timeoutMs });
  if (asked.kind === 'answered') return asked;
  if (asked.kind === 'silent') {
    throw new UsageError(
      `the birdconfd on ${stateDir} does not answer within ${timeoutMs / 1000} s: look at its log and CPU time`,
    );
  }
  if (asked.errno === 'EACCES' || asked.errno === 'EPERM') {
    throw new UsageError(`no permission for ${stateDir}: ask as the user that birdconfd runs as`);
  }
  if (['ENOENT', 'ENOTDIR', 'ECONNREFUSED'].includes(asked.errno)) {
    throw new UsageError(`no birdconfd is running on ${stateDir}: start it or give --state-dir`);
  }
  throw new UsageError(`the birdconfd on ${stateDir} ended before it answered (${asked.errno}): look at its log`);
}
