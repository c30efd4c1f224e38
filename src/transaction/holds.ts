import type { HoldKind } from '../core/hold-kinds.ts';

/** A hold as the ledger keeps it. */
export interface Hold {
  /** Sorted as in HOLD_KINDS. */
  readonly kinds: readonly HoldKind[];
  /** Milliseconds since 1970. */
  readonly since: number;
  /** For people: one line a kind. */
  readonly why: readonly string[];
  /** When it ends by itself; null = it does not. */
  readonly until: number | null;
}
