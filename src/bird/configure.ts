import { realpath } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { StageError } from '../core/errors.ts';
import { type BirdSession, withBirdSocket } from './control-socket.ts';
import { readDaemonStatus } from './daemon-status.ts';
import { type BirdReply, isSuccess, lastText } from './replies.ts';
import { socketFault } from './socket-fault.ts';

export interface ConfigureOptions {
  /** The file that BIRD must read: absolute, as this process names it. */
  readonly configFile: string;
  readonly signal: AbortSignal;
  /** For each answer of BIRD, and once more for the wait until it is up and running again. */
  readonly timeoutMs?: number;
  /** Paces that wait. */
  readonly clock: Clock;
}

export interface Configured {
  /** BIRD answered 0004 or 0005: it had protocols to restart, so sessions may have gone down. */
  readonly restarting: boolean;
  /** BIRD's text for the time it started. BIRD 1.6 is a second off now and then, so only more than that means another process. */
  readonly boot: string;
}

/** Most reconfigurations are over within milliseconds; one of thousands of sessions should not be asked at every turn. */
const POLL_MS = 20;

const READING = 2;
const RECONFIGURED = 3;
const IGNORED = 6;

/**
 * Asks BIRD to read its configuration again and resolves once it says that it runs with it: asking again is harmless.
 * Rejects with a StageError `reload`: `config-error` (BIRD refuses the file and keeps running as before; not retryable),
 * or retryable `config-file-mismatch` (BIRD reads another file), `shutting-down`, `timeout`, and those of the socket.
 */
export async function configureBird(socketPath: string, options: ConfigureOptions): Promise<Configured> {
  const { configFile, signal, clock, timeoutMs = 30_000 } = options;
  return withBirdSocket(socketPath, { signal, timeoutMs }, async (session) => {
    const reply = await session.command('configure');
    await mustRead(configFile, reply, socketPath);
    if (!isSuccess(reply)) {
      const message = `BIRD at ${socketPath} refuses its configuration: ${reply.code} ${lastText(reply)}`;
      throw new StageError('reload', 'config-error', message, { retryable: false });
    }
    if (reply.code === IGNORED) throw socketFault('shutting-down', socketPath);
    const boot = await settled(session, socketPath, { clock, signal, timeoutMs });
    return { restarting: reply.code !== RECONFIGURED, boot };
  });
}

interface Waiting {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Resolves with BIRD's boot text once nothing of the reconfiguration, nor of a queued one, is left to do. */
async function settled(session: BirdSession, path: string, { clock, signal, timeoutMs }: Waiting): Promise<string> {
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    const { state, boot } = readDaemonStatus(await session.command('show status'));
    if (state === 'up' && boot !== null) return boot;
    if (state === 'shutting-down') throw socketFault('shutting-down', path);
    if (state !== 'reconfiguring') throw socketFault('garbage', path, "does not answer 'show status' as BIRD does");
    if (clock.now() >= deadline) throw socketFault('timeout', path, `is still reconfiguring after ${timeoutMs} ms`);
    await clock.sleep(POLL_MS, signal);
  }
}

/** A BIRD that reads another file says "Reconfigured" as well, and a change would never arrive. */
async function mustRead(configFile: string, reply: BirdReply, socketPath: string): Promise<void> {
  const said = reply.lines.find((line) => line.code === READING)?.text.replace(/^Reading configuration from /, '');
  if (said !== undefined && (said === configFile || (await sameFile(said, configFile)))) return;
  if (said === undefined && !isSuccess(reply)) return;
  const what = said === undefined ? 'does not say which file it reads' : `reads ${said}`;
  const message = `BIRD at ${socketPath} ${what}, not ${configFile}: start it with -c ${configFile}`;
  throw new StageError('reload', 'config-file-mismatch', message, { retryable: true });
}

/** A relative path of BIRD's starts from its own working directory, which is not ours to resolve. */
async function sameFile(said: string, ours: string): Promise<boolean> {
  if (!isAbsolute(said)) return false;
  const [a, b] = await Promise.all([said, ours].map((path) => realpath(path).catch(() => null)));
  return a !== null && a === b;
}
