import type { ServiceReport } from './status-report.ts';

/** What an operation did, a line a target at least. `ok`: the pass that it led to was confirmed, and nothing remains held; of a reload, that BIRD has read its files again. */
export interface OperationResult {
  readonly ok: boolean;
  readonly lines: readonly { readonly target: string; readonly text: string }[];
}

export interface Readiness {
  readonly ready: boolean;
  /** One sentence for each reason not to be ready. */
  readonly why: readonly string[];
}

/**
 * What a running service lets itself be asked. `targets` null = all; one that it does not have is refused with a UsageError, and so is
 * a rollback further back than the history goes. Each resolves only when the pass that it led to has ended.
 */
export interface Operations {
  /** May ask BIRD, for the sessions; never longer than a few seconds. */
  status(): ServiceReport | Promise<ServiceReport>;
  /** In the text format of Prometheus; absent = no such route. */
  metrics?(): string | Promise<string>;
  /** The last lines of the service's log, the newest last; absent = no such route. */
  log?(): readonly string[];
  /** May ask BIRD too, as long. */
  readiness(targets: readonly string[] | null): Readiness | Promise<Readiness>;
  /** Lets the plan that is held now through. */
  approve(targets: readonly string[] | null): Promise<OperationResult>;
  /** Ends a hold that refusal or rollback made: what the data say is tried again. */
  resume(targets: readonly string[] | null): Promise<OperationResult>;
  /** Has BIRD read its files again now, also when they did not change; not where they are another's, or a hold is for what BIRD refused. */
  reload(targets: readonly string[] | null): Promise<OperationResult>;
  /** Puts the bundle confirmed `back` (1 or more) before the newest in place, and holds it for `forMs`. */
  rollback(back: number, forMs: number, targets: readonly string[] | null): Promise<OperationResult>;
}
