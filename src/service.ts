import { mkdir } from 'node:fs/promises';
import { systemClock } from './core/clock.ts';
import { Dirty } from './core/dirty.ts';
import { UsageError } from './core/errors.ts';
import { prefixesFor } from './core/keys.ts';
import type { Log } from './core/log.ts';
import type { LastGood } from './datamodel/decode-entries.ts';
import type { Datastore, Snapshot } from './datastore/datastore.ts';
import { resolveFileOwner } from './host/file-owner.ts';
import { readLedgers } from './host/ledger.ts';
import { openDatastore } from './open-datastore.ts';
import { runPass } from './pass/pass.ts';
import type { PassReport } from './pass/pass-report.ts';
import { Place } from './pass/place.ts';
import { isAnotherDaemon } from './pass/poll.ts';
import { repair } from './pass/repair.ts';
import { reconcile } from './reconciler.ts';
import { DAEMONS, type Settings } from './settings.ts';
import { TargetStatus } from './status.ts';
import type { Target } from './targets.ts';

/** How long a pass that is past its commit may go on to finish its reload when the service is stopped. */
const GRACE_MS = 10_000;
const REREAD_MS = 30_000;

/** How targets are made once the ledgers are read; the command line hands it in. */
export type MakeTargets = (settings: Settings, lastGood: LastGood) => Promise<readonly Target[]>;

interface Prepared {
  readonly target: Target;
  readonly place: Place;
  readonly status: TargetStatus;
}

async function prepare(settings: Settings, makeTargets: MakeTargets, log: Log): Promise<readonly Prepared[]> {
  await mkdir(settings.stateDir, { recursive: true, mode: 0o700 });
  const { readings, lastGood } = await readLedgers(settings.stateDir, DAEMONS);
  for (const [target, { warning }] of readings) {
    if (warning) log('warn', 'ledger-unreadable', { target, message: warning });
  }
  const targets = await makeTargets(settings, lastGood);
  return targets.map((target) => {
    const socket = settings.daemons[target.name === 'bird6' ? 'bird6' : 'bird'].socket;
    const ledger = readings.get(target.name)?.record;
    if (!ledger) throw new Error(`bug: no ledger for ${target.name}`);
    const options = {
      name: target.name,
      stateDir: settings.stateDir,
      output: settings.output,
      socket,
      destination: async () => ({
        output: settings.output,
        mode: settings.fileMode,
        ...(await resolveFileOwner(settings, socket)),
      }),
      check: settings.check,
      clock: systemClock,
      undoSeconds: settings.undoSeconds,
      limits: settings.limits,
      acceptTakeover: settings.acceptTakeover,
      history: settings.history,
    };
    return { target, place: new Place(options, ledger), status: new TargetStatus(target.name, log) };
  });
}

/** At the start only: a peer without its password is a session that never comes up, and here none ever could. */
function mustFindPasswords(settings: Settings, target: Target, snapshot: Snapshot): void {
  if (settings.secretsDir !== null || settings.inputs.length > 0) return;
  const missing = target
    .render(snapshot)
    .diagnostics.find((d) => d.code === 'password-missing' && d.severity === 'error');
  if (!missing) return;
  const ways =
    'give --secrets-dir DIR, or --input with the Secrets, or --allow-missing-password for sessions without one';
  throw new UsageError(
    `${missing.key} ${missing.path.join('.')} names a password, and there is no source of secrets: ${ways}`,
  );
}

async function onePass(
  { target, place, status }: Prepared,
  datastore: Datastore,
  isQuiet: boolean,
  signal: AbortSignal,
) {
  const report = await runPass(target, datastore.snapshot(), place, { isQuiet, signal });
  status.record(report);
  return report;
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

/**
 * The service: one loop per target over one datastore, until `signal` aborts. A pass that is past its commit then finishes its
 * reload. Rejects with a StageError `datastore` that no retry can cure, or a UsageError.
 */
export async function runService(
  settings: Settings,
  makeTargets: MakeTargets,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const prepared = await prepare(settings, makeTargets, log);
  const datastore = await openDatastore(settings, { log, clock: systemClock, watch: true });
  const dirty = prepared.map(() => new Dirty());
  const raiseAll = () => {
    for (const slot of dirty) slot.raise();
  };
  const over = new AbortController();
  try {
    // What a predecessor left half done needs no data to be made whole.
    for (const each of prepared) await repair(each.target, each.place, log, signal);
    await datastore.start(prefixesFor(settings.nodeName), raiseAll, signal);
    mustFindPasswords(settings, prepared[0]!.target, datastore.snapshot());
    log('info', 'in-sync', { revision: datastore.snapshot().revision });
    const { quietMs, maxWaitMs, resyncMs, pollMs } = settings;
    const pacing = { quietMs, maxWaitMs, resyncMs, pollMs };
    const late = afterGrace(signal, over.signal);
    const loops = prepared.map((each, i) => {
      const mayReread = rereader(datastore, signal);
      const pass = async (isQuiet: boolean) => {
        const report = await onePass(each, datastore, isQuiet, late);
        mayReread(report);
        return report;
      };
      const poll = () => isAnotherDaemon(each.place, signal);
      return reconcile({ dirty: dirty[i]!, clock: systemClock, pacing, random: Math.random, pass, poll }, signal);
    });
    await Promise.all(loops);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    over.abort();
    await datastore.close();
  }
}

/** One pass over each target. Rejects like `runService`; an unreachable datastore is given up when `signal` aborts. */
export async function convergeOnce(
  settings: Settings,
  makeTargets: MakeTargets,
  log: Log,
  signal: AbortSignal,
): Promise<readonly PassReport[]> {
  const prepared = await prepare(settings, makeTargets, log);
  const datastore = await openDatastore(settings, { log, clock: systemClock, watch: false });
  try {
    await datastore.start(prefixesFor(settings.nodeName), () => {}, signal);
    mustFindPasswords(settings, prepared[0]!.target, datastore.snapshot());
    const reports: PassReport[] = [];
    // Once is not the time to wait for quiet.
    for (const each of prepared) reports.push(await onePass(each, datastore, true, new AbortController().signal));
    return reports;
  } finally {
    await datastore.close();
  }
}
