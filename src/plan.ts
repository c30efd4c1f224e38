import type { Meaning } from './bird/meaning.ts';
import type { Digest } from './core/digest.ts';
import type { Digests } from './render/bundle.ts';

export type Step = 'commit' | 'reload';

/** What is known of the world: the files as they lie on disk, and the statements that BIRD last confirmed to run. */
export interface Seen {
  readonly live: Digests | null;
  readonly confirmed: Digest | null;
}

/**
 * What is left to do for `desired`. Pure.
 *
 * | files on disk              | BIRD confirmed these statements | steps            |
 * |----------------------------|---------------------------------|------------------|
 * | the same bytes             | yes                             | none             |
 * | the same bytes             | no: a reload is owed            | reload           |
 * | only comments differ       | yes                             | commit           |
 * | anything else              |                                 | commit, reload   |
 */
export function plan(desired: Digests, { live, confirmed }: Seen): readonly Step[] {
  const runs = confirmed !== null && confirmed === desired.statements;
  if (live?.bytes === desired.bytes) return runs ? [] : ['reload'];
  return runs && live?.statements === desired.statements ? ['commit'] : ['commit', 'reload'];
}

/** Whether sessions or other protocols go, or go down: then it waits for quiet, and BIRD gets a timer to undo it. */
export const isDisruptive = ({ removed, restarted }: Meaning): boolean => removed.length > 0 || restarted.length > 0;
