import { claimStateDir } from '../control/claim.ts';
import { type StatusServer, serveStatus } from '../control/serve-status.ts';
import { controlRoutes, serveRoutes } from '../control/server.ts';
import { systemClock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { prefixesFor } from '../core/keys.ts';
import type { Log } from '../core/log.ts';
import { version } from '../core/version.ts';
import type { Datastore, Snapshot } from '../datastore/datastore.ts';
import { openDatastore } from '../open-datastore.ts';
import type { PassReport } from '../pass/pass-report.ts';
import { isAnotherDaemon } from '../pass/poll.ts';
import { repair } from '../pass/repair.ts';
import { reconcile } from '../reconciler.ts';
import { DAEMONS, type Settings } from '../settings.ts';
import { askDaemon } from './ask-daemon.ts';
import type { Managed } from './managed.ts';
import { openMetrics } from './metrics.ts';
import { operationsOf } from './operations.ts';
import { type MakeTargets, prepare } from './prepare.ts';
import { restarter } from './restarter.ts';

/** How long a pass that is past its commit may go on to finish its reload when the service is stopped. */
const GRACE_MS = 10_000;
const REREAD_MS = 30_000;

/**
 * At the start only: a peer without its password is a session that never comes up, and here none ever could. What the live files hold
 * does not count: it is for a source that fails, not for none. The rendering also refuses data of both layouts.
 */
function mustFindPasswords(settings: Settings, all: readonly Managed[], snapshot: Snapshot): void {
  const diagnostics = all.flatMap(({ target }) => target.render(snapshot, null).diagnostics);
  if (settings.secretsDir !== null || settings.inputs.length > 0) return;
  const missing = diagnostics.find((d) => d.code === 'password-missing' && d.severity === 'error');
  if (!missing) return;
  const ways =
    'give --secrets-dir DIR, or --input with the Secrets, or --allow-missing-password for sessions without one';
  throw new UsageError(
    `${missing.key} ${missing.path.join('.')} names a password, and there is no source of secrets: ${ways}`,
  );
}

/** A reading that lost much may have been a bad one: it is done again, once for each hold. */
function rereader(datastore: Datastore, signal: AbortSignal): (report: PassReport) => void {
  let since = 0;
  const reread = async () => {
    await systemClock.sleep(REREAD_MS, signal);
    if (!signal.aborted) datastore.reread();
  };
  return ({ hold }) => {
    if (!hold?.kinds.includes('many-gone') || hold.since === since) return;
    since = hold.since;
    void reread();
  };
}

/** Aborts a while after `signal` does; until then a reload may still be confirmed. */
function afterGrace(signal: AbortSignal, over: AbortSignal): AbortSignal {
  const late = new AbortController();
  const wait = async () => {
    await systemClock.sleep(GRACE_MS, over);
    late.abort();
  };
  signal.addEventListener('abort', () => void wait(), { once: true });
  return late.signal;
}

/** One loop a target, until `signal` aborts. */
async function loops(
  all: readonly Managed[],
  datastore: Datastore,
  settings: Settings,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const late = afterGrace(signal, over.signal);
  const { quietMs, maxWaitMs, resyncMs, pollMs, nodeName: node } = settings;
  const { restartCommand: command, restartSpreadMs: spreadMs } = settings;
  const pacing = { quietMs, maxWaitMs, resyncMs, pollMs };
  const loop = (one: Managed) => {
    const mayReread = rereader(datastore, signal);
    const mayRestart = command && restarter(one, { command, spreadMs, node, clock: systemClock, log }, signal);
    const pass = async (isQuiet: boolean) => {
      const report = await one.pass(() => datastore.snapshot(), { isQuiet, signal: late });
      mayReread(report);
      mayRestart?.();
      return report;
    };
    const poll = () => isAnotherDaemon(one.place, signal);
    return reconcile({ dirty: one.dirty, clock: systemClock, pacing, random: Math.random, pass, poll }, signal);
  };
  try {
    await Promise.all(all.map(loop));
  } finally {
    over.abort();
  }
}

/** What a service is started with beside its settings. */
export interface Surroundings {
  readonly makeTargets: MakeTargets;
  readonly log: Log;
  /** The last lines of that log. */
  readonly recent: () => readonly string[];
  /** Every BIRD runs what the data ask for: called after the first pass that finds it so. */
  readonly onReady: () => void;
}

const DONE: readonly string[] = ['unchanged', 'committed', 'confirmed'];

const isConfirmed = ({ last, place }: Managed): boolean =>
  last !== null && DONE.includes(last.report.outcome) && place.ledger.confirmed !== null;

/** To be called after every pass: calls `onReady` once, when BIRD runs everywhere what the data ask for. Never rejects. */
function readiness(all: readonly Managed[], onReady: () => void): () => Promise<void> {
  let isReady = false;
  return async () => {
    if (isReady || !all.every(isConfirmed)) return;
    // A pass that finds nothing to do asks no BIRD, and the ledger may be of yesterday.
    const asked = await Promise.all(all.map(({ place }) => askDaemon(place.options.socket, systemClock)));
    if (isReady || asked.some(({ daemon }) => daemon === null)) return;
    isReady = true;
    onReady();
  };
}

/**
 * The service: the state directory is claimed, what a predecessor left half done is made whole, and then one loop per target goes over
 * one datastore until `signal` aborts. A pass that is past its commit then finishes its reload. Rejects with a StageError `datastore`
 * that no retry can cure, or a UsageError.
 */
export async function runService(
  given: Settings,
  { makeTargets, log: told, recent, onReady }: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = systemClock.now();
  const claim = await claimStateDir(given.stateDir);
  try {
    const metrics = await openMetrics(DAEMONS, { perPeer: given.metricsPerPeer });
    const log: Log = (level, event, fields = {}) => {
      metrics.onEvent(level, event, fields);
      told(level, event, fields);
    };
    const { all, settings } = await prepare(given, makeTargets, log);
    const mayBeReady = readiness(all, onReady);
    for (const one of all) {
      const { name } = one.target;
      one.onMove = (from, to) => metrics.onMove(name, from, to);
      one.onPass = (report) => {
        metrics.onPass(name, report);
        void mayBeReady();
      };
    }
    for (const { target, place } of all) await repair(target, place, log, signal);
    const datastore = await openDatastore(settings, { log, clock: systemClock, watch: true });
    const facts = { version, pid: process.pid, node: settings.nodeName, startedAt };
    const operations = operationsOf(all, { facts, datastore, metrics, recent });
    claim.serve(serveRoutes(controlRoutes(operations), log));
    const raiseAll = () => {
      for (const { dirty } of all) dirty.raise();
    };
    let tcp: StatusServer | null = null;
    try {
      if (settings.statusAddress !== null) tcp = await serveStatus(settings.statusAddress, operations, log);
      await datastore.start(prefixesFor(settings.nodeName, settings.data), raiseAll, signal);
      mustFindPasswords(settings, all, datastore.snapshot());
      log('info', 'in-sync', { revision: datastore.snapshot().revision });
      await loops(all, datastore, settings, log, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await tcp?.close();
      await datastore.close();
    }
  } finally {
    await claim.release();
  }
}

/** What a predecessor left half done is made whole, then one pass over each target. Rejects like `runService`; an unreachable datastore is given up when `signal` aborts. */
export async function convergeOnce(
  given: Settings,
  makeTargets: MakeTargets,
  log: Log,
  signal: AbortSignal,
): Promise<readonly PassReport[]> {
  const claim = await claimStateDir(given.stateDir);
  try {
    const { all, settings } = await prepare(given, makeTargets, log);
    for (const { target, place } of all) await repair(target, place, log, signal);
    const datastore = await openDatastore(settings, { log, clock: systemClock, watch: false });
    try {
      await datastore.start(prefixesFor(settings.nodeName, settings.data), () => {}, signal);
      mustFindPasswords(settings, all, datastore.snapshot());
      const reports: PassReport[] = [];
      // Once is not the time to wait for quiet.
      const options = { isQuiet: true, signal: new AbortController().signal };
      for (const one of all) reports.push(await one.pass(() => datastore.snapshot(), options));
      return reports;
    } finally {
      await datastore.close();
    }
  } finally {
    await claim.release();
  }
}
