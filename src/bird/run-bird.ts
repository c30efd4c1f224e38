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

/** BIRD needs nothing of our environment, which may hold passwords: only the places where to find a binary named without a path. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** BIRD prints a line or two; what prints more than this is another program. */
const MAX_OUTPUT = 65_536;

/**
 * Runs a BIRD binary that is expected to end by itself. Rejects with a StageError `check`, retryable: `checker-missing`,
 * `timeout` (it is killed), `aborted`, `checker-failed` (ended by a signal, flooded its output, could not be run).
 */
export async function runBird(binary: string, args: readonly string[], options: RunOptions): Promise<BirdRun> {
  // Loaded when it is first needed: the import costs 90 ms.
  const { execa } = await import('execa');
  const result = await execa(binary, args, {
    env: ENVIRONMENT,
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT,
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  const failed = (code: string, what: string) =>
    new StageError('check', code, `'${[binary, ...args].join(' ')}' ${what}`, { retryable: true, cause: result.cause });
  if (result.timedOut) throw failed('timeout', `did not end within ${options.timeoutMs} ms and was killed`);
  if (result.isCanceled) throw failed('aborted', 'was stopped');
  if (result.isMaxBuffer) throw failed('checker-failed', 'prints more than any BIRD does: is it a BIRD?');
  if (result.code === 'ENOENT') throw failed('checker-missing', 'cannot be run: there is no such program');
  if (result.exitCode === undefined) {
    throw failed(
      'checker-failed',
      result.signal ? `was ended by ${result.signal}` : `cannot be run: ${result.originalMessage}`,
    );
  }
  return { exitCode: result.exitCode, output: result.all };
}
