import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from './core/clock.ts';
import { Dirty } from './core/dirty.ts';
import { UsageError } from './core/errors.ts';
import { prefixesFor } from './core/keys.ts';
import type { Log } from './core/log.ts';
import type { LastGood } from './datamodel/decode-entries.ts';
import type { Datastore, Snapshot } from './datastore/datastore.ts';
import { resolveFileOwner } from './host/file-owner.ts';
import { readLedgers } from './host/ledger.ts';
import { sweepStage } from './host/stage.ts';
import { openDatastore } from './open-datastore.ts';
import { type PassReport, runPass, type TargetPlace } from './pass.ts';
import { reconcile } from './reconciler.ts';
import { DAEMONS, type Settings } from './settings.ts';
import { TargetStatus } from './status.ts';
import type { Target } from './targets.ts';

/** How long a pass that is past its commit may go on to finish its reload when the service is stopped. */
const GRACE_MS = 10_000;

/** How targets are made once the ledgers are read; the command line hands it in. */
export type MakeTargets = (settings: Settings, lastGood: LastGood) => Promise<readonly Target[]>;

interface Prepared {
  readonly target: Target;
  readonly place: TargetPlace;
  readonly status: TargetStatus;
}

async function prepare(settings: Settings, makeTargets: MakeTargets, log: Log): Promise<readonly Prepared[]> {
  await mkdir(settings.stateDir, { recursive: true, mode: 0o700 });
  await sweepStage(join(settings.stateDir, 'stage'));
  const { readings, lastGood } = await readLedgers(settings.stateDir, DAEMONS);
  for (const [target, { warning }] of readings) {
    if (warning) log('warn', 'ledger-unreadable', { target, message: warning });
  }
  const targets = await makeTargets(settings, lastGood);
  return targets.map((target) => {
    const socket = settings.daemons[target.name === 'bird6' ? 'bird6' : 'bird'].socket;
    const ledger = readings.get(target.name)?.record;
    if (!ledger) throw new Error(`bug: no ledger for ${target.name}`);
    const place: TargetPlace = {
      stateDir: settings.stateDir,
      output: settings.output,
      destination: async () => ({
        output: settings.output,
        mode: settings.fileMode,
        ...(await resolveFileOwner(settings, socket)),
      }),
      check: settings.check,
      clock: systemClock,
      ledger,
      refused: null,
    };
    return { target, place, status: new TargetStatus(target.name, log) };
  });
}

/**
 * At the start only: a peer without its password is a session that never comes up, and here none ever could. The rendering also
 * refuses data of both layouts.
 */
function mustFindPasswords(settings: Settings, target: Target, snapshot: Snapshot): void {
  const { diagnostics } = target.render(snapshot);
  if (settings.secretsDir !== null || settings.inputs.length > 0) return;
  const missing = diagnostics.find((d) => d.code === 'password-missing' && d.severity === 'error');
  if (!missing) return;
  const ways =
    'give --secrets-dir DIR, or --input with the Secrets, or --allow-missing-password for sessions without one';
  throw new UsageError(
    `${missing.key} ${missing.path.join('.')} names a password, and there is no source of secrets: ${ways}`,
  );
}

async function onePass({ target, place, status }: Prepared, datastore: Datastore, signal: AbortSignal) {
  const report = await runPass(target, datastore.snapshot(), place, signal);
  status.record(report);
  return report;
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
    await datastore.start(prefixesFor(settings.nodeName, settings.data), raiseAll, signal);
    mustFindPasswords(settings, prepared[0]!.target, datastore.snapshot());
    log('info', 'in-sync', { revision: datastore.snapshot().revision });
    const pacing = { quietMs: settings.quietMs, maxWaitMs: settings.maxWaitMs, resyncMs: settings.resyncMs };
    const late = afterGrace(signal, over.signal);
    const loops = prepared.map((each, i) => {
      const pass = () => onePass(each, datastore, late);
      return reconcile({ dirty: dirty[i]!, clock: systemClock, pacing, random: Math.random, pass }, signal);
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
    await datastore.start(prefixesFor(settings.nodeName, settings.data), () => {}, signal);
    mustFindPasswords(settings, prepared[0]!.target, datastore.snapshot());
    const reports: PassReport[] = [];
    for (const each of prepared) reports.push(await onePass(each, datastore, new AbortController().signal));
    return reports;
  } finally {
    await datastore.close();
  }
}
