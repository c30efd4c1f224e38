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

/** What an operator lets through, and until when: ms since 1970, null = as long as it stands in the data. */
export interface Approval {
  readonly kinds: readonly HoldKind[];
  readonly until: number | null;
}

/** What an approval can let through. The others end by `resume`. */
export const APPROVABLE: readonly HoldKind[] = HOLD_KINDS.slice(0, 6);
