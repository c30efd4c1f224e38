import { StageError } from '../core/errors.ts';
import { type RunOptions, runBird } from './run-bird.ts';

export interface CheckOptions {
  /** Path or name of the BIRD whose dialect and address family the file is written in. */
  readonly binary: string;
  readonly configFile: string;
  readonly signal: AbortSignal;
  /** A minute by default: BIRD 2.0 takes 20 s for 5,000 peers (spec bird.md, 6). */
  readonly timeoutMs?: number;
}

/** BIRD's verdict on a file that it refuses: where, and its own words. Null where it named no place. */
export class CheckRejected extends StageError {
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly text: string | null;

  constructor(configFile: string, output: string) {
    const last = output.trim().split('\n').at(-1) ?? '';
    super('check', 'rejected', `BIRD refuses ${configFile}: ${last || 'it does not say why'}`, { retryable: false });
    this.name = 'CheckRejected';
    const found = output
      .split('\n')
      .map(parseVerdict)
      .filter((verdict) => verdict !== null)
      .at(-1);
    this.file = found?.file ?? null;
    this.line = found?.line ?? null;
    this.column = found?.column ?? null;
    this.text = found?.text ?? null;
  }
}

/** `bird: FILE:LINE:COLUMN text`; BIRD 3 puts a time, a thread and a class before the file (spec bird.md, 2). */
const VERDICT = /^\w+: (?:\S+ \S+ \[\d+\] <\w+> )?(.+?):(\d+):(\d+) (.*)$/;

function parseVerdict(line: string) {
  const match = VERDICT.exec(line);
  if (!match) return null;
  return { file: match[1] ?? '', line: Number(match[2]), column: Number(match[3]), text: match[4] ?? '' };
}

/**
 * Has BIRD parse a file, and what that includes, without touching any daemon. The exit code alone decides: newer BIRDs print
 * warnings about files that they accept. Rejects with CheckRejected (`rejected`, not retryable) or what `runBird` rejects with.
 */
export async function checkConfig(options: CheckOptions): Promise<void> {
  const { binary, configFile, signal, timeoutMs = 60_000 } = options;
  const run: RunOptions = { signal, timeoutMs };
  const { exitCode, output } = await runBird(binary, ['-p', '-c', configFile], run);
  if (exitCode === REFUSED) throw new CheckRejected(configFile, output);
  if (exitCode !== 0) {
    const message = `'${binary} -p' ended with ${exitCode}, which no BIRD does: ${output.trim().slice(0, 200)}`;
    throw new StageError('check', 'checker-failed', message, { retryable: true });
  }
}

const REFUSED = 1;
