import type { Diagnostic } from '../core/diagnostic.ts';

/** A moment: ISO 8601 in UTC, as `2026-11-22T10:02:11.000Z`. */
export type Instant = string;

/**
 * Where a target stands, one word: `starting` no pass yet · `converged` data = files = BIRD (sessions that the change restarted may still
 * be on their way up) · `waiting` for quiet, for a retry, or for BIRD to take the files · `held` a guard, takeover, release or rollback, or
 * a bundle that BIRD refused · `failed` what is wanted cannot be done as it is · `needs-restart` BIRD takes the listening address or port
 * only when it starts · `stale` the datastore is away, the last good is in effect · `node-unknown` the data have no such Node, nothing is
 * written.
 */
export type TargetState =
  | 'starting'
  | 'converged'
  | 'waiting'
  | 'held'
  | 'failed'
  | 'needs-restart'
  | 'stale'
  | 'node-unknown';

/** Names of protocols, sorted by bytes. */
export interface PlanReport {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly restarted: readonly string[];
  readonly refiltered: readonly string[];
}

export interface HoldReport {
  /** Which rules hold: `no-peers`, `takeover`, `rollback` … */
  readonly kinds: readonly string[];
  readonly since: Instant;
  /** One sentence: what is held and what would end it. */
  readonly summary: string;
  /** What going on would do to the sessions. */
  readonly plan: PlanReport;
}

/** A BGP session as BIRD shows it; all words are BIRD's own. */
export interface SessionReport {
  /** The protocol's: `Mesh_10_0_0_1`. */
  readonly name: string;
  readonly neighbor: string;
  /** up, start, down … */
  readonly state: string;
  /** `Established`, or why it is not: `Active Socket: Connection refused`. */
  readonly info: string;
  /** In the form of that BIRD's `timeformat protocol`. */
  readonly since: string;
  /** Routes come and go over it. */
  readonly established: boolean;
  /** Routes that its import filter let through; null while BIRD does not say. */
  readonly importedRoutes: number | null;
}

/** BIRD as it answered just now. */
export interface DaemonReport {
  /** When it made its control socket. */
  readonly startedAt: Instant;
  /** BIRD's own texts for when it started and when it last took a configuration. */
  readonly boot: string;
  readonly reconfigured: string;
  /** It was started with -R, and waits for its neighbors to tell their routes again. */
  readonly gracefulRestart: boolean;
}

/** One daemon with its files. */
export interface TargetReport {
  readonly name: string;
  readonly state: TargetState;
  readonly since: Instant;
  /** The configuration is what it should be: running = file = data, or the last good one while the datastore is away. */
  readonly ready: boolean;
  /** One sentence for everything but `converged`: why it is not further. */
  readonly why: string | null;
  /** A sentence for each reason why Calico's own rules would not call the sessions ready (see `peeringFaults`). */
  readonly peering: readonly string[];
  /** Of the data that the last pass looked at. */
  readonly revision: string | null;
  /** Digests of the statements that the data ask for, that lie on the disk, and that BIRD last confirmed. */
  readonly wanted: string | null;
  readonly live: string | null;
  readonly confirmed: string | null;
  /** `idle`, `committing`, `owed`, `armed`, `restoring`, `returning` or `held` (architecture 6). */
  readonly transaction: string;
  readonly hold: HoldReport | null;
  /** BIRD runs another listening address or port than the files say: it takes them only when it starts. */
  readonly needsRestart: boolean;
  /** `pass`: the number that its log events carry. `steps`: what it had to do. `timings`: milliseconds that each stage took. */
  readonly lastPass: {
    readonly pass: number;
    readonly at: Instant;
    readonly steps: readonly string[];
    readonly outcome: string;
    readonly timings: Readonly<Record<string, number>>;
  } | null;
  readonly lastError: {
    readonly stage: string;
    readonly code: string;
    readonly message: string;
    readonly since: Instant;
  } | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Sessions that go on with a password that is no longer found, and since when. */
  readonly keptPasswords: readonly { readonly session: string; readonly since: Instant }[];
  /** Confirmed bundles, the newest first: `rollback N` goes to the Nth after the first. */
  readonly history: readonly { readonly digest: string; readonly revision: string; readonly confirmedAt: Instant }[];
  /** Both null when BIRD could not be asked. */
  readonly daemon: DaemonReport | null;
  readonly sessions: readonly SessionReport[] | null;
}

/** What GET /status answers: the whole view of a running service (`deploy/status.schema.json`). No secret is in it. */
export interface ServiceReport {
  readonly version: string;
  readonly pid: number;
  readonly node: string;
  readonly startedAt: Instant;
  readonly datastore: {
    readonly inSync: boolean;
    readonly staleSince: Instant | null;
    /** Since then, in seconds; 0 while in sync. */
    readonly staleSeconds: number;
    readonly lastError: string | null;
    readonly revision: string | null;
  };
  readonly targets: readonly TargetReport[];
}
