export type Stage = 'datastore' | 'render' | 'check' | 'commit' | 'reload';

/** A failed effect of one stage. `retryable`: doing the same again later may succeed without any change of input. */
export class StageError extends Error {
  readonly stage: Stage;
  readonly code: string;
  readonly retryable: boolean;

  constructor(stage: Stage, code: string, message: string, options: { retryable: boolean; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StageError';
    this.stage = stage;
    this.code = code;
    this.retryable = options.retryable;
  }
}

/** Wrong flags, environment or settings: exit 1, and the message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The text of anything that was thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** What was thrown in a stage as its error: what is none yet is a bug in `render`, and elsewhere the system's, worth another try. */
export function asStageError(stage: Stage, thrown: unknown): StageError {
  if (thrown instanceof StageError) return thrown;
  const code = stage === 'render' ? 'bug' : 'io';
  return new StageError(stage, code, messageOf(thrown), { retryable: stage !== 'render', cause: thrown });
}
