import { PLAIN_ENVIRONMENT } from '../bird/run-bird.ts';
import type { Clock } from '../core/clock.ts';
import { digestOf } from '../core/digest.ts';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { needsRestart } from '../pass/needs-restart.ts';
import { isAnotherDaemon } from '../pass/poll.ts';
import type { Managed } from './managed.ts';

export interface RestartOptions {
  /** A program and its arguments; `{daemon}` in any of them stands for the target's name. */
  readonly command: readonly string[];
  /** Within this time after the change the nodes of a cluster restart their BIRDs, each at a moment of its own. */
  readonly spreadMs: number;
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A service manager waits until BIRD has taken leave of its neighbors. */
const COMMAND_MS = 60_000;
const AGAIN_AT_LEAST_MS = 30_000;

/** The node's moment within the spread: always the same one, and even over the names of many nodes. */
export const restartDelayMs = (node: string, spreadMs: number): number =>
  Math.floor((Number.parseInt(digestOf(node).slice(0, 8), 16) / 2 ** 32) * spreadMs);

/** Runs the command to its end. Rejects when it cannot be run, fails, or takes longer than a minute. */
async function run(words: readonly string[], signal: AbortSignal): Promise<void> {
  const { execa } = await import('execa');
  const [program = '', ...args] = words;
  // Not through pipes: what it starts may hold them open for as long as BIRD runs.
  await execa(program, args, {
    env: PLAIN_ENVIRONMENT,
    extendEnv: false,
    stdio: 'ignore',
    timeout: COMMAND_MS,
    cancelSignal: signal,
  });
}

/**
 * Restarts the target's BIRD where it needs that to listen as its files say. The function that it returns is to be called after every pass;
 * it waits for the node's moment, has the command run by the loop, between two passes, and tries again a spread later as long as
 * BIRD was not started anew. It never rejects: a failure is the event `restart-failed`.
 */
export function restarter(one: Managed, options: RestartOptions, signal: AbortSignal): () => void {
  const { command, spreadMs, node, clock, log } = options;
  const { target, place } = one;
  const words = command.map((word) => word.replaceAll('{daemon}', target.name));
  const restart = async (over: AbortSignal) => {
    if (!(await needsRestart(target, place))) return;
    try {
      await run(words, over);
      log('info', 'restarted', { target: target.name, command: words.join(' ') });
    } catch (thrown) {
      log('error', 'restart-failed', { target: target.name, message: messageOf(thrown) });
    }
    await isAnotherDaemon(place, over);
  };
  const untilDone = async () => {
    for (let delay = restartDelayMs(node, spreadMs); await needsRestart(target, place); ) {
      log('warn', 'restart-due', { target: target.name, inMs: delay });
      await clock.sleep(delay, signal);
      if (signal.aborted) return;
      await one.ask(restart);
      delay = Math.max(spreadMs, AGAIN_AT_LEAST_MS);
    }
  };
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    void untilDone()
      .catch((thrown) => log('error', 'restart-failed', { target: target.name, message: messageOf(thrown) }))
      .finally(() => {
        waiting = false;
      });
  };
}
