import type { ServiceReport } from '../control/status-report.ts';
import type { LogLevel } from '../core/log.ts';
import type { PassReport } from '../pass/pass-report.ts';
import type { Transaction } from '../transaction/machine.ts';
import { GAUGES, PEER_GAUGES } from './gauges.ts';

/** What a service counts while it runs, and shows with what stands in its report. */
export interface Metrics {
  onEvent(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>): void;
  onPass(target: string, report: PassReport): void;
  onMove(target: string, from: Transaction, to: Transaction): void;
  /** In the text format of Prometheus. */
  text(report: ServiceReport): Promise<string>;
}

/** From a pass that only looks to one that waits for a busy BIRD; seconds. */
const BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

const RELOAD_RESULTS = ['confirmed', 'refused', 'taken-back', 'unanswered'] as const;
const CHANGES = ['added', 'removed', 'restarted', 'refiltered'] as const;
const RESTARTS: Readonly<Record<string, string>> = { restarted: 'ok', 'restart-failed': 'failed' };

const IN_CONVERSATION: readonly string[] = ['asked', 'verifying', 'confirming'];

/** What became of having BIRD read its files, by the move that ended it; null where it goes on, or it was about something else. */
function reloadResult(from: Transaction, to: Transaction): (typeof RELOAD_RESULTS)[number] | null {
  if (!IN_CONVERSATION.includes(from.at)) return null;
  if (to.at === 'idle') return 'confirmed';
  if (to.at === 'restoring' || to.at === 'held') return from.at === 'asked' ? 'refused' : 'taken-back';
  return to.at === 'owed' || to.at === 'armed' ? 'unanswered' : null;
}

/** `perPeer`: series of their own for every session, which are as many as the data want. */
export async function openMetrics(
  targets: readonly string[],
  { perPeer }: { readonly perPeer: boolean },
): Promise<Metrics> {
  // Only a service is ever scraped, and the import costs 30 ms.
  const { Counter, Gauge, Histogram, Registry } = await import('prom-client');
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name: `birdconfd_${name}`, help, labelNames: [...labelNames], registers });
  const passes = counter('passes_total', 'Passes, by what they came to.', ['target', 'outcome']);
  const failures = counter('failures_total', 'Passes that failed, by stage and code.', ['target', 'stage', 'code']);
  const transitions = counter('transitions_total', 'Moves of the transaction, by the state moved to.', [
    'target',
    'state',
  ]);
  const reloads = counter('reloads_total', 'How often BIRD was asked to read its files, by result.', [
    'target',
    'result',
  ]);
  const undos = counter('undos_total', 'Changes that were taken back.', ['target']);
  const changes = counter('session_changes_total', 'Sessions and other protocols that confirmed changes touched.', [
    'target',
    'change',
  ]);
  const restarts = counter('daemon_restarts_total', 'Runs of --restart-cmd.', ['target', 'result']);
  const events = counter('events_total', 'Events of the log, also those below its level.', ['level', 'event']);
  const stages = new Histogram({
    name: 'birdconfd_pass_stage_duration_seconds',
    help: 'How long each stage of a pass took.',
    labelNames: ['target', 'stage'],
    buckets: BUCKETS,
    registers,
  });
  // Who looks at an increase must find what it starts from.
  for (const target of targets) {
    undos.inc({ target }, 0);
    for (const result of RELOAD_RESULTS) reloads.inc({ target, result }, 0);
    for (const change of CHANGES) changes.inc({ target, change }, 0);
    for (const result of Object.values(RESTARTS)) restarts.inc({ target, result }, 0);
  }
  const rows = [...GAUGES, ...(perPeer ? PEER_GAUGES : [])].map((row) => {
    const { name, help, labels } = row;
    return { row, gauge: new Gauge({ name, help, labelNames: [...labels], registers }) };
  });
  const cpu = new Counter({ name: 'process_cpu_seconds_total', help: 'CPU time of the process.', registers });
  const memory = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process.',
    registers,
  });
  return {
    onEvent(level, event, { target }) {
      events.inc({ level, event });
      const result = RESTARTS[event];
      if (result !== undefined && typeof target === 'string') restarts.inc({ target, result });
    },
    onPass(target, { outcome, error, timings, meaning }) {
      passes.inc({ target, outcome });
      if (error) failures.inc({ target, stage: error.stage, code: error.code });
      for (const [stage, ms] of Object.entries(timings)) stages.observe({ target, stage }, ms / 1000);
      // Of a held plan the meaning is what did not happen.
      if (outcome === 'confirmed' && meaning)
        for (const change of CHANGES) changes.inc({ target, change }, meaning[change].length);
    },
    onMove(target, from, to) {
      transitions.inc({ target, state: to.at });
      if (to.at === 'restoring') undos.inc({ target });
      const result = reloadResult(from, to);
      if (result !== null) reloads.inc({ target, result });
    },
    async text(report) {
      for (const { row, gauge } of rows) {
        gauge.reset();
        for (const { labels, value } of row.samples(report)) gauge.set({ ...labels }, value);
      }
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
      memory.set(process.memoryUsage.rss());
      return registry.metrics();
    },
  };
}
