import { realpath } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { StageError } from '../core/errors.ts';
import { type BirdSession, withBirdSocket } from './control-socket.ts';
import { type DaemonStatus, readDaemonStatus } from './daemon-status.ts';
import { type DaemonProtocol, readProtocols } from './protocol-table.ts';
import { type BirdReply, isSuccess, lastText } from './replies.ts';
import { socketFault } from './socket-fault.ts';

export interface DaemonOptions {
  /** The file that BIRD must read: absolute, as this process names it. */
  readonly configFile: string;
  readonly signal: AbortSignal;
  /** For each answer of BIRD, and once more for the wait until it is up and running again. */
  readonly timeoutMs?: number;
  /** Paces that wait. */
  readonly clock: Clock;
}

/** How BIRD took a request for another configuration, once nothing of it, nor of a queued one, is left to do. */
export type Verdict =
  | {
      readonly kind: 'running';
      /** BIRD answered 0004 or 0005, or 0017 to an undo: it had protocols to restart or to remove, so sessions may have gone down. */
      readonly restarting: boolean;
      /** BIRD's text for the time it started (see `isSameMoment`). */
      readonly boot: string;
    }
  | {
      /** An 8xxx or 9xxx: BIRD runs on as before, and a timer armed earlier is still armed. */
      readonly kind: 'refused';
      readonly code: number;
      /** BIRD's own words, with the file and line that it names. It never repeats a string, so no password is in it. */
      readonly message: string;
    };

/** What BIRD says about itself at one time. */
export interface DaemonObservation {
  /** Texts for times, as BIRD formats them: see `isSameMoment`. */
  readonly boot: string;
  readonly reconfigured: string;
  /** It was started with -R and its recovery goes on. */
  readonly gracefulRestart: boolean;
  /** In BIRD's order: a protocol that was reconfigured comes first. */
  readonly protocols: readonly DaemonProtocol[];
}

/**
 * One conversation with a BIRD about its configuration. Every step rejects with a StageError `reload`, retryable: those of the
 * socket, `timeout` also when BIRD is still reconfiguring at the deadline, `shutting-down`, `garbage`. After one the state of the
 * daemon is unknown, and each later step rejects too.
 */
export interface BirdDaemon {
  /**
   * Has BIRD read its file again: asking again is harmless. With `undoSeconds` BIRD goes back by itself unless it is told to
   * `confirm` in time; without, a timer that runs is cancelled. Rejects also with `config-file-mismatch` when BIRD reads another file.
   */
  configure(options?: { readonly undoSeconds?: number }): Promise<Verdict>;
  /** `confirmed` proves that no timer has expired since. */
  confirm(): Promise<'confirmed' | 'nothing-to-confirm'>;
  /** Back to the configuration before, one step: an undo after that has nothing to undo. Takes what is queued out of the queue too. */
  undo(): Promise<Verdict | 'nothing-to-undo'>;
  /** `routes` false: without the neighbors' addresses and the routes, which of thousands of sessions are megabytes. */
  observe(options?: { readonly routes?: boolean }): Promise<DaemonObservation>;
}

/** Most reconfigurations are over within milliseconds; one of thousands of sessions should not be asked at every turn: first so soon, then ever later. */
const FIRST_POLL_MS = 1;
const POLL_MS = 20;

const READING = 2;
const RECONFIGURED = 3;
const IGNORED = 6;
const CONFIRMED = 18;
const NOTHING_TO_DO = 19;

/** Connects to the BIRD at `socketPath`, runs `use` on that one connection, one step at a time, and closes it however `use` ends. */
export function withBirdDaemon<T>(
  socketPath: string,
  options: DaemonOptions,
  use: (daemon: BirdDaemon) => Promise<T>,
): Promise<T> {
  const { configFile, signal, clock, timeoutMs = 30_000 } = options;
  return withBirdSocket(socketPath, { signal, timeoutMs }, (session) => {
    const verdict = async (reply: BirdReply): Promise<Verdict> => {
      if (!isSuccess(reply)) return { kind: 'refused', code: reply.code, message: lastText(reply) };
      if (reply.code === IGNORED) throw socketFault('shutting-down', socketPath);
      const boot = await settled(session, socketPath, { clock, signal, timeoutMs });
      return { kind: 'running', restarting: reply.code !== RECONFIGURED, boot };
    };
    return use({
      configure: async ({ undoSeconds } = {}) => {
        const reply = await session.command(
          undoSeconds === undefined ? 'configure' : `configure timeout ${undoSeconds}`,
        );
        await mustRead(configFile, reply, socketPath);
        return verdict(reply);
      },
      confirm: async () => {
        const { code } = await session.command('configure confirm');
        if (code === CONFIRMED) return 'confirmed';
        if (code === NOTHING_TO_DO) return 'nothing-to-confirm';
        throw socketFault('garbage', socketPath, `answers 'configure confirm' with ${code}`);
      },
      undo: async () => {
        const reply = await session.command('configure undo');
        return reply.code === NOTHING_TO_DO ? 'nothing-to-undo' : verdict(reply);
      },
      observe: async ({ routes = true } = {}) => {
        const { boot, reconfigured, gracefulRestart } = await askStatus(session, socketPath);
        const protocols = await session.command(routes ? 'show protocols all' : 'show protocols');
        if (boot === null || reconfigured === null || !isSuccess(protocols)) throw notLikeBird(socketPath);
        return { boot, reconfigured, gracefulRestart, protocols: readProtocols(protocols) };
      },
    });
  });
}

const notLikeBird = (path: string): StageError =>
  socketFault('garbage', path, "does not answer 'show status' and 'show protocols' as BIRD does");

async function askStatus(session: BirdSession, path: string): Promise<DaemonStatus> {
  const status = readDaemonStatus(await session.command('show status'));
  if (status.state === 'shutting-down') throw socketFault('shutting-down', path);
  if (status.state === 'unknown') throw notLikeBird(path);
  return status;
}

type Waiting = Pick<DaemonOptions, 'clock' | 'signal'> & { readonly timeoutMs: number };

/** Resolves with BIRD's boot text once nothing of the reconfiguration, nor of a queued one, is left to do. */
async function settled(session: BirdSession, path: string, { clock, signal, timeoutMs }: Waiting): Promise<string> {
  const deadline = clock.now() + timeoutMs;
  for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(2 * pauseMs, POLL_MS)) {
    const { state, boot } = await askStatus(session, path);
    if (state === 'up') {
      if (boot === null) throw notLikeBird(path);
      return boot;
    }
    if (clock.now() >= deadline) throw socketFault('timeout', path, `is still reconfiguring after ${timeoutMs} ms`);
    await clock.sleep(pauseMs, signal);
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
