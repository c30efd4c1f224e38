import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { StageError } from '../core/errors.ts';

/** Whose command it is, and for how long it may run. */
export interface CommandOptions {
  readonly stage: 'check' | 'reload';
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a command said last is what tells why it failed. */
const MAX_OUTPUT = 4_096;
/** After the polite signal, so long until the other one. */
const KILL_AFTER_MS = 2_000;
/** What a command that has ended left in its pipe arrives at once; what it started and left running keeps the pipe open. */
const LAST_WORDS_MS = 50;

/**
 * Runs an operator's command with `/bin/sh -c`, as confd does, in a process group of its own. Resolves with what it printed once it has
 * ended with 0. Rejects with a StageError of the stage: `command-failed` (its exit code and last words), `timeout` and `aborted` (the whole
 * group was ended), `command-missing`. A failed reload is retryable, a failed check only where it was no verdict.
 */
export async function runCommand(command: string, { stage, timeoutMs, signal }: CommandOptions): Promise<string> {
  const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-MAX_OUTPUT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const failed = (code: string, what: string, retryable: boolean, cause?: unknown) => {
    const said = output.trim();
    const message = `${stage}_cmd ${JSON.stringify(command)} ${what}${said === '' ? '' : `: ${said}`}`;
    return new StageError(stage, code, message, { retryable, cause });
  };
  const stopped = endOnTime(child, timeoutMs, signal);
  try {
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    const reason = stopped.reason();
    if (reason) await endGroup(child.pid);
    await lastWords(child);
    if (reason === 'timeout')
      throw failed('timeout', `did not end within ${timeoutMs} ms: its processes were ended`, true);
    if (reason === 'aborted') throw failed('aborted', 'was stopped, with all its processes', true);
    if (code === 0) return output;
    const how = killedBy ? `was ended by ${killedBy}` : `failed with exit code ${code}`;
    throw failed('command-failed', how, stage === 'reload' || killedBy !== null);
  } catch (error) {
    if (error instanceof StageError) throw error;
    throw failed('command-missing', 'could not be started', true, error);
  } finally {
    stopped.forget();
  }
}

/** False when nobody of the group is left. */
function kill(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** The command has ended, but others of its group may be slower, or deaf to the polite signal. */
async function endGroup(pid: number | undefined): Promise<void> {
  for (let left = KILL_AFTER_MS; left > 0 && kill(pid, 0); left -= LAST_WORDS_MS) await wait(LAST_WORDS_MS);
  kill(pid, 'SIGKILL');
}

/** Ends the group at the deadline or when aborted: politely, and soon after for certain. */
function endOnTime(child: ChildProcess, timeoutMs: number, signal: AbortSignal) {
  let reason: 'timeout' | 'aborted' | null = null;
  let hard: NodeJS.Timeout | undefined;
  const { pid } = child;
  const end = (why: 'timeout' | 'aborted') => {
    if (reason) return;
    reason = why;
    kill(pid, 'SIGTERM');
    hard = setTimeout(() => kill(pid, 'SIGKILL'), KILL_AFTER_MS);
  };
  const abort = () => end('aborted');
  const deadline = setTimeout(() => end('timeout'), timeoutMs);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return {
    reason: () => reason,
    forget: () => {
      clearTimeout(deadline);
      clearTimeout(hard);
      signal.removeEventListener('abort', abort);
    },
  };
}

/**
 * Reads what is in the pipes. A daemon that the command has started may hold them as long as it lives: it must find a reader whenever it
 * says something, or the system ends it (SIGPIPE), but nobody waits for it.
 */
async function lastWords(child: ChildProcess): Promise<void> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), LAST_WORDS_MS);
  await once(child, 'close', { signal: late.signal }).catch(() => undefined);
  clearTimeout(timer);
  for (const pipe of [child.stdout, child.stderr]) {
    pipe
      ?.removeAllListeners('data')
      .on('error', () => undefined)
      .resume();
    if (pipe instanceof Socket) pipe.unref();
  }
}
