import type { SessionReport } from './status-report.ts';

/** A BIRD as the rules look at it. */
export interface Peering {
  readonly sessions: readonly SessionReport[];
  /** It recovers from a graceful restart. */
  readonly gracefulRestart: boolean;
  /** How long ago it was started. */
  readonly upMs: number;
}

/** The sessions that Calico's probe counts: these names are an interface. */
const COUNTED = /^(?:Mesh|Global|Node)_/;

/** While it is younger than this, every session has to be up; later a neighbor that is away is not this node's fault. */
const STARTING_MS = 30_000;

const some = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');

/**
 * Why calico/node's readiness probe would fail, a sentence a reason; [] = ready. No graceful restart may be in progress, and of the
 * sessions `Mesh_…`, `Global_…` and `Node_…` all must be Established in the first 30 s, at least one later; where there are none,
 * nothing is missing (spec calico-v3, 8.1).
 */
export function peeringFaults({ sessions, gracefulRestart, upMs }: Peering): readonly string[] {
  const counted = sessions.filter(({ name }) => COUNTED.test(name));
  const down = counted.filter(({ established }) => !established).map(({ name }) => name);
  const faults = gracefulRestart ? ['a graceful restart is in progress'] : [];
  if (down.length === 0) return faults;
  if (upMs < STARTING_MS) return [...faults, `BIRD has just started, and not Established yet: ${some(down)}`];
  return down.length === counted.length ? [...faults, `no session is Established: ${some(down)}`] : faults;
}
