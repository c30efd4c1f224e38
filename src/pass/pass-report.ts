import type { Meaning } from '../bird/meaning.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Stage, StageError } from '../core/errors.ts';
import type { Step } from '../plan.ts';
import type { Bundle } from '../render/bundle.ts';
import type { Hold } from '../transaction/holds.ts';

/**
 * What a pass came to. `waiting`: sessions would restart or go, so first the data must be quiet. `held`: not, or not all, of what the
 * data say is in effect until somebody says that it is meant; `steps` then tells what was done all the same.
 */
export type Outcome = 'unchanged' | 'committed' | 'confirmed' | 'waiting' | 'held' | 'nothing-to-write' | 'failed';

/** What one pass found and did. `error`: the stage that failed and left the steps after it undone. */
export interface PassReport {
  readonly outcome: Outcome;
  readonly steps: readonly Step[];
  readonly error: StageError | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly revision: string;
  /** What the data ask for; null when nothing may be written. */
  readonly bundle: Bundle | null;
  /** What the steps do to BIRD's protocols; null when there was nothing to do. When held: what is kept from happening. */
  readonly meaning: Meaning | null;
  readonly hold: Hold | null;
  /** Milliseconds that each stage took. */
  readonly timings: Readonly<Partial<Record<Stage, number>>>;
}
