import type { ConfdStatus } from './confd-status.ts';
import type { GroupReport } from './group-pass.ts';

/** What generic mode counts, by the names that BGP mode has for the same; a unit is a target. */
export interface ConfdMetrics {
  record(report: GroupReport): void;
  /** In the text format of Prometheus, with what the status says now; no key and no value is in it. */
  text(status: ConfdStatus, now: number): Promise<string>;
}

/** Counters that begin at nothing. */
export async function openConfdMetrics(): Promise<ConfdMetrics> {
  // Only a service is ever scraped, and the import costs 30 ms.
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registers = [new Registry()];
  const of = <L extends string>(name: string, help: string, labelNames: readonly L[]) => {
    return { name: `birdconfd_${name}`, help, labelNames: [...labelNames], registers };
  };
  const passes = new Counter(of('passes_total', 'Passes, by what they came to.', ['target', 'outcome']));
  const failures = new Counter(
    of('failures_total', 'Passes that failed, by stage and code.', ['target', 'stage', 'code']),
  );
  const ready = new Gauge(of('target_ready', 'Nothing is wrong with its files and its reload.', ['target']));
  const inSync = new Gauge(of('datastore_in_sync', 'Whether the backend is followed.', []));
  const staleness = new Gauge(of('datastore_staleness_seconds', 'Since when it is not.', []));
  return {
    record({ units }) {
      for (const { unit, outcome, error } of units) {
        passes.inc({ target: unit, outcome });
        if (error) failures.inc({ target: unit, stage: error.stage, code: error.code });
      }
    },
    async text(status, now) {
      ready.reset();
      for (const { unit, isReady } of status.units) ready.set({ target: unit }, isReady ? 1 : 0);
      const health = status.health();
      inSync.set(health.inSync ? 1 : 0);
      staleness.set(health.staleSince === null ? 0 : Math.max(0, now - health.staleSince) / 1000);
      return registers[0]!.metrics();
    },
  };
}
