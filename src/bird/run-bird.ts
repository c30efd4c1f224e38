import { StageError } from '../core/errors.ts';

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs: number;
}

export interface BirdRun {
  readonly exitCode: number;
  /** Standard output and error together: BIRD 1.6 uses the latter even for its version. */
  readonly output: string;
}

/** Programs need nothing of our environment, which may hold passwords: only the places where to find those named without a path. */
export const PLAIN_ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** BIRD prints a line or two; what prints more than this is another program. */
const MAX_OUTPUT = 65_536;

/**
 * Runs a BIRD binary that is expected to end by itself. Rejects with a StageError `check`, retryable: `checker-missing`,
 * `timeout` (it is killed), `aborted`, `checker-failed` (ended by a signal, flooded its output, could not be run).
 */
export async function runBird(binary: string, args: readonly string[], options: RunOptions): Promise<BirdRun> {
  // Loaded when it is first needed: the import costs 90 ms.
  const { execa } = await import('execa');
  const child = execa(binary, args, {
    env: PLAIN_ENVIRONMENT,
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    maxBuffer: MAX_OUTPUT,
    // A process group of its own: where the binary is a script, what that started holds our pipe open until it ends as well.
    detached: true,
  });
  const stopped = killAtEnd(child.pid, options);
  const result = await child;
  const reason = stopped();
  const failed = (code: string, what: string) =>
    new StageError('check', code, `'${[binary, ...args].join(' ')}' ${what}`, { retryable: true, cause: result.cause });
  if (reason === 'timeout') throw failed('timeout', `did not end within ${options.timeoutMs} ms and was killed`);
  if (reason === 'aborted') throw failed('aborted', 'was stopped');
  if (result.isMaxBuffer) throw failed('checker-failed', 'prints more than any BIRD does: is it a BIRD?');
  if (result.code === 'ENOENT') throw failed('checker-missing', 'cannot be run: there is no such program');
  if (result.exitCode !== undefined) return { exitCode: result.exitCode, output: result.all };
  throw failed(
    'checker-failed',
    result.signal ? `was ended by ${result.signal}` : `cannot be run: ${result.originalMessage}`,
  );
}

/** Kills the group of `pid` at the deadline or when aborted. The function that it returns ends the watch and tells which it was. */
function killAtEnd(pid: number | undefined, { signal, timeoutMs }: RunOptions): () => 'timeout' | 'aborted' | null {
  let reason: 'timeout' | 'aborted' | null = null;
  const kill = (why: 'timeout' | 'aborted') => {
    reason ??= why;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  };
  const abort = () => kill('aborted');
  const deadline = setTimeout(() => kill('timeout'), timeoutMs);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  return () => {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', abort);
    return reason;
  };
}
