/** Why a plan is kept from BIRD until somebody says that it is meant (architecture 3 and 6). The names are an interface: annotations name them. */
export const HOLD_KINDS = [
  'takeover',
  'no-peers',
  'many-gone',
  'many-restarts',
  'release-unknown',
  'release-changed',
  'foreign-writer',
  'rollback',
  'refused',
] as const;

export type HoldKind = (typeof HOLD_KINDS)[number];

/** What an approval can let through. The others end by `resume`. */
export const APPROVABLE: readonly HoldKind[] = HOLD_KINDS.slice(0, 6);

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

/** What `birdconfd approve` said, as the ledger keeps it: it counts for these kinds until then, or until a plan has gone through. */
export interface Approval {
  readonly kinds: readonly HoldKind[];
  readonly until: number;
}

const isKind = (word: string): word is HoldKind => (APPROVABLE as readonly string[]).includes(word);

/**
 * What the annotation `birdconfd/approve` lets through at `now`: kinds separated by commas, or all of them until an ISO 8601 time.
 * `fault` says what was expected when it is neither; null is a good text, or none.
 */
export function readApproval(
  text: string | null,
  now: number,
): { readonly kinds: readonly HoldKind[]; readonly fault: string | null } {
  if (text === null) return { kinds: [], fault: null };
  const words = text.split(',').map((word) => word.trim());
  if (words.every(isKind)) return { kinds: words, fault: null };
  const until = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!Number.isNaN(until)) return { kinds: now < until ? APPROVABLE : [], fault: null };
  return { kinds: [], fault: `expected ${APPROVABLE.join(', ')}, or a time such as 2026-11-22T12:00:00Z` };
}
