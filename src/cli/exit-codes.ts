import { StageError } from '../core/errors.ts';

/** The contract with scripts and containers; of several that apply, the first in this order counts. */
export const EXIT = {
  usage: 1,
  datastore: 4,
  check: 5,
  reload: 6,
  data: 3,
  differences: 2,
  ok: 0,
} as const;

/** The exit code of a failed stage; what is no stage of ours is an internal error. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof StageError)) return EXIT.usage;
  const codes = {
    datastore: EXIT.datastore,
    render: EXIT.usage,
    check: EXIT.check,
    commit: EXIT.usage,
    reload: EXIT.reload,
  };
  return codes[error.stage];
}
