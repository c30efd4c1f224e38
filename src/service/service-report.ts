import type { Operations } from '../control/operations.ts';
import type { Instant, ServiceReport, TargetReport, TargetState } from '../control/status-report.ts';
import type { Datastore } from '../datastore/datastore.ts';
import { needsRestart } from '../pass/needs-restart.ts';
import type { Place } from '../pass/place.ts';
import { askDaemon } from './ask-daemon.ts';
import type { Managed } from './managed.ts';

/** What does not change while the service runs. */
export interface ServiceFacts {
  readonly version: string;
  readonly pid: number;
  readonly node: string;
  /** Milliseconds since 1970, as all times here. */
  readonly startedAt: number;
}

const instant = (ms: number): Instant => new Date(ms).toISOString();

interface Verdict {
  readonly state: TargetState;
  readonly ready: boolean;
  readonly since: number;
  readonly why: string | null;
}

/** Where a target stands, by its last pass, the daemon and the datastore; the worst first. */
async function verdictOn(
  { last, place, failingSince, target }: Managed,
  datastore: Datastore,
  startedAt: number,
): Promise<Verdict> {
  const { ledger, silentSince } = place;
  const at = ledger.history[0]?.at ?? startedAt;
  if (!last) return beforeTheFirstPass(place, datastore, startedAt);
  const { report } = last;
  if (report.hold) {
    const { kinds, since, why } = report.hold;
    return { state: 'held', ready: false, since, why: `${kinds.join(', ')}: ${why.join('; ')}` };
  }
  if (report.error) {
    const { retryable, message } = report.error;
    return { state: retryable ? 'waiting' : 'failed', ready: false, since: failingSince ?? last.at, why: message };
  }
  if (report.outcome === 'nothing-to-write') {
    const why = report.diagnostics.find(({ code }) => code === 'node-unknown')?.message ?? 'nothing may be written';
    return { state: 'node-unknown', ready: false, since: last.at, why };
  }
  if (silentSince !== null) return { state: 'failed', ready: false, since: silentSince, why: 'BIRD does not answer' };
  if (report.outcome === 'waiting')
    return { state: 'waiting', ready: true, since: last.at, why: 'for the data to be quiet' };
  if (await needsRestart(target, place)) {
    const why = 'BIRD takes another listening address or port only when it starts again';
    return { state: 'needs-restart', ready: false, since: at, why };
  }
  const { staleSince, lastError } = datastore.health();
  if (staleSince !== null) {
    return { state: 'stale', ready: true, since: staleSince, why: lastError?.message ?? 'the datastore is away' };
  }
  return { state: 'converged', ready: true, since: at, why: null };
}

/** What BIRD was confirmed to run, or started with, stays in effect until the data are there. */
function beforeTheFirstPass({ ledger }: Place, datastore: Datastore, startedAt: number): Verdict {
  const [newest] = ledger.history;
  const { inSync, lastError } = datastore.health();
  const isKept = newest !== undefined && ledger.live?.bytes === newest.bytes;
  if (inSync || !lastError || !isKept) return { state: 'starting', ready: false, since: startedAt, why: 'no pass yet' };
  const why = `no pass yet, the last confirmed bundle is in effect: ${lastError.message}`;
  return { state: 'stale', ready: false, since: newest.at, why };
}

async function targetReport(managed: Managed, datastore: Datastore, startedAt: number): Promise<TargetReport> {
  const { target, place, last, failingSince } = managed;
  const { ledger } = place;
  const { state, ready, since, why } = await verdictOn(managed, datastore, startedAt);
  const report = last?.report ?? null;
  const error = report?.error ?? null;
  const { added = [], removed = [], restarted = [], refiltered = [] } = report?.meaning ?? {};
  const hold = report?.hold ?? null;
  return {
    name: target.name,
    state,
    since: instant(since),
    ready,
    why,
    revision: report?.revision ?? null,
    wanted: report?.bundle?.statements ?? null,
    live: ledger.live?.statements ?? null,
    confirmed: ledger.confirmed,
    transaction: ledger.txn.at,
    hold: hold && {
      kinds: hold.kinds,
      since: instant(hold.since),
      summary: hold.why.join('; '),
      plan: { added, removed, restarted, refiltered },
    },
    needsRestart: state === 'needs-restart',
    lastPass: last && {
      pass: last.pass,
      at: instant(last.at),
      outcome: last.report.outcome,
      steps: last.report.steps,
      timings: last.report.timings,
    },
    lastError: error && {
      stage: error.stage,
      code: error.code,
      message: error.message,
      since: instant(failingSince ?? last?.at ?? startedAt),
    },
    diagnostics: report?.diagnostics ?? [],
    keptPasswords: Object.entries(ledger.keptPasswords).map(([session, at]) => ({ session, since: instant(at) })),
    history: ledger.history.map(({ bytes, revision, at }) => ({ digest: bytes, revision, confirmedAt: instant(at) })),
    ...(await askDaemon(place.options.socket, place.options.clock)),
  };
}

/** The whole view of the running service. Asks each BIRD for its sessions, at most for a few seconds. */
export async function serviceReport(
  all: readonly Managed[],
  { version, pid, node, startedAt }: ServiceFacts,
  datastore: Datastore,
): Promise<ServiceReport> {
  const { inSync, staleSince, lastError } = datastore.health();
  const now = all[0]?.place.options.clock.now() ?? startedAt;
  return {
    version,
    pid,
    node,
    startedAt: instant(startedAt),
    datastore: {
      inSync,
      staleSince: staleSince === null ? null : instant(staleSince),
      staleSeconds: staleSince === null ? 0 : Math.max(0, Math.round((now - staleSince) / 1000)),
      lastError: lastError?.message ?? null,
      revision: all[0]?.last?.report.revision ?? null,
    },
    targets: await Promise.all(all.map((each) => targetReport(each, datastore, startedAt))),
  };
}

/** Ready when every target's configuration is as it should be, and its sessions are by Calico's rules; each reason why not is a sentence. */
export async function readinessOf(
  all: readonly Managed[],
  datastore: Datastore,
  startedAt: number,
): Promise<Awaited<ReturnType<Operations['readiness']>>> {
  const reasons = await Promise.all(
    all.map(async (each) => {
      const { socket, clock } = each.place.options;
      const [{ state, ready, why }, { peering }] = await Promise.all([
        verdictOn(each, datastore, startedAt),
        askDaemon(socket, clock),
      ]);
      const { name } = each.target;
      return [...(ready ? [] : [`${name}: ${state}: ${why}`]), ...peering.map((fault) => `${name}: ${fault}`)];
    }),
  );
  const why = reasons.flat();
  return { ready: why.length === 0, why };
}
