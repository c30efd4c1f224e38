import { hasErrors } from '../core/diagnostic.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { tuneForService } from '../host/tune-v8.ts';
import { type OpenedLog, openLog } from '../log.ts';
import type { PassReport } from '../pass/pass-report.ts';
import { openAnnouncer } from '../service/announce.ts';
import type { MakeTargets } from '../service/prepare.ts';
import { convergeOnce, runService } from '../service/service.ts';
import type { Settings } from '../settings.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { prepareTargets } from './prepare-bgp.ts';

/** Loads what later passes would load when they first need it: an upgrade may replace dist/ under a running service. */
const loadAll = (): Promise<unknown> =>
  Promise.all([import('execa'), import('ajv'), import('yaml'), import('prom-client')]);

/** How long `run --once` waits for the datastore. */
const ONCE_MS = 10_000;

const makeTargets: MakeTargets = (settings, known) => prepareTargets(settings, { ...known, runsBird: true });

/** The exit code of `run --once`: the worst that any target met, in the order of the contract. */
function exitCodeOfReports(reports: readonly PassReport[], strict: boolean): number {
  const codes: number[] = reports.flatMap(({ error, hold }) => [
    ...(error ? [exitCodeOf(error)] : []),
    ...(hold ? [EXIT.reload] : []),
  ]);
  const data = reports.some(
    (report) => report.outcome === 'nothing-to-write' || (strict && hasErrors(report.diagnostics)),
  );
  const worst = [EXIT.usage, EXIT.check, EXIT.reload].find((code) => codes.includes(code));
  return worst ?? (data ? EXIT.data : EXIT.ok);
}

async function once(settings: Settings, log: Log): Promise<number> {
  const reports = await convergeOnce(settings, makeTargets, log, AbortSignal.timeout(ONCE_MS));
  return exitCodeOfReports(reports, settings.strict);
}

/** Runs until SIGTERM or SIGINT; SIGHUP reads settings and templates anew, and keeps the old ones when the new are wrong. */
async function service(first: Settings, reread: () => Promise<Settings>, { log, recent }: OpenedLog): Promise<number> {
  tuneForService();
  let settings = first;
  let fallBack: Settings | null = null;
  let running = new AbortController();
  let ending = false;
  const announcer = await openAnnouncer(first, log);
  const onReady = () => void announcer.ready();
  const end = () => {
    ending = true;
    void announcer.stopping();
    running.abort();
  };
  const again = () => running.abort();
  process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', again);
  try {
    await loadAll();
    while (!ending) {
      try {
        await runService(settings, { makeTargets, log, recent, onReady }, running.signal);
        fallBack = settings;
        running = new AbortController(); // before reading: a signal that comes meanwhile counts
        if (ending) break;
        log('info', 'settings-reread');
        settings = await reread();
      } catch (error) {
        if (!fallBack || !(error instanceof UsageError)) throw error;
        log('error', 'settings-refused', { message: `${messageOf(error)}; the old settings stay in effect` });
        settings = fallBack;
        fallBack = null; // if not even these work any more, end
      }
    }
    log('info', 'stopped');
    return EXIT.ok;
  } finally {
    await announcer.stopping();
    process.off('SIGTERM', end).off('SIGINT', end).off('SIGHUP', again);
  }
}

/** `birdconfd run`: the service, or one convergence with `--once`. `reread` resolves the settings from the same flags again. */
export async function runVerb(
  settings: Settings,
  options: { readonly once: boolean; readonly reread: () => Promise<Settings> },
): Promise<number> {
  if (settings.notRunning) {
    process.stdout.write(`birdconfd: nothing to run, BIRD does not do the networking here (${settings.notRunning})\n`);
    return EXIT.ok;
  }
  const opened = openLog(settings.logLevel, settings.logFormat);
  const { log } = opened;
  try {
    return await (options.once ? once(settings, log) : service(settings, options.reread, opened));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    log('error', 'ended', { message: messageOf(error) });
    return exitCodeOf(error);
  }
}
