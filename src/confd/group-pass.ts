import { type Diagnostic, formatDiagnostic } from '../core/diagnostic.ts';
import { asStageError, StageError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Verdict } from '../reconciler.ts';
import type { PassContext } from './pass-context.ts';
import type { ReloadPace } from './reload-pace.ts';
import { runReload } from './run-reload.ts';
import type { Unit } from './unit.ts';
import { type UnitOutcome, type UnitPassOptions, unitPass } from './unit-pass.ts';

/** What one unit came to in the last pass, its reload included. */
export interface UnitReport extends Omit<UnitOutcome, 'owed' | 'outcome'> {
  readonly unit: string;
  readonly outcome: UnitOutcome['outcome'] | 'confirmed' | 'owed';
}

/** A pass over a group: what its loop goes by, and a report for each unit. */
export interface GroupReport extends Verdict {
  readonly units: readonly UnitReport[];
}

/** The errors of a pass as one: another try is worth it where any of them is. */
function worst(errors: readonly StageError[]): StageError | null {
  const again = errors.find(({ retryable }) => retryable);
  return again ?? errors[0] ?? null;
}

/**
 * One pass over the units that tell their services in the same way: each renders, is checked and goes live by itself, and then every
 * different reload is run once, whatever number of units waits for it. What fails stays owed, and costs no other unit anything.
 */
export async function groupPass(
  units: readonly Unit[],
  context: PassContext,
  pace: ReloadPace,
  options: UnitPassOptions,
): Promise<GroupReport> {
  const outcomes: { readonly unit: Unit; readonly outcome: UnitOutcome }[] = [];
  for (const unit of units) outcomes.push({ unit, outcome: await unitPass(unit, context, options) });
  const reload = reloader(context, pace, options.signal);
  const reports: UnitReport[] = [];
  const due: number[] = [];
  for (const { unit, outcome } of outcomes) {
    const { owed, ...rest } = outcome;
    if (!owed) {
      // A try that waits for quiet has not been made yet.
      const error = rest.outcome === 'waiting' ? rest.error : unit.limited(rest.error);
      reports.push({ ...rest, unit: unit.name, error });
      continue;
    }
    const results: ReloadResult[] = [];
    for (const one of context.syncOnly ? [] : unit.reloads) results.push(await reload(one));
    const later = results.flatMap(({ dueAt }) => dueAt ?? []);
    due.push(...later);
    const error = worst(results.flatMap((result) => result.error ?? []));
    const isDone = !error && later.length === 0;
    if (isDone) await owed.confirm();
    reports.push({
      ...rest,
      unit: unit.name,
      outcome: isDone ? 'confirmed' : 'owed',
      error: later.length > 0 ? error : unit.limited(error),
    });
  }
  const error = worst(reports.flatMap((report) => report.error ?? []));
  const isWaiting = reports.some(({ outcome }) => outcome === 'waiting');
  const steps = [...new Set(reports.flatMap((report) => report.steps))];
  const outcome = isWaiting ? 'waiting' : error ? 'failed' : steps.length > 0 ? 'confirmed' : 'unchanged';
  return { outcome, steps, error, hold: due.length > 0 ? { until: Math.min(...due) } : null, units: reports };
}

/** What became of a reload; `dueAt`: it was too early, and has not been run. */
interface ReloadResult {
  readonly error: StageError | null;
  readonly dueAt: number | null;
}

/** Runs each reload once in a pass, however many units wait for it. */
function reloader({ log }: PassContext, pace: ReloadPace, signal: AbortSignal) {
  const done = new Map<string, ReloadResult>();
  return async ({ key, resource }: Unit['reloads'][number]): Promise<ReloadResult> => {
    const known = done.get(key);
    if (known) return known;
    const dueAt = pace.dueAt(key);
    if (dueAt === null) pace.note(key);
    else log('debug', 'reload-deferred', { resource: resource.name, until: new Date(dueAt).toISOString() });
    const result = { error: dueAt === null ? await reloadOnce(resource, log, signal) : null, dueAt };
    done.set(key, result);
    return result;
  };
}

async function reloadOnce(
  resource: Parameters<typeof runReload>[0],
  log: Log,
  signal: AbortSignal,
): Promise<StageError | null> {
  if (resource.reload.mode === 'none') return null;
  try {
    await runReload(resource, signal);
    log('info', 'reloaded', { resource: resource.name, mode: resource.reload.mode });
    return null;
  } catch (thrown) {
    const error = asStageError('reload', thrown);
    const message = `template resource ${resource.name} (${resource.file}): ${error.message}; it is tried again`;
    return new StageError('reload', error.code, message, { retryable: error.retryable, cause: error });
  }
}

/** Tells each fault once when it comes and once when it goes. */
export class GroupLog {
  readonly #log: Log;
  #told = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  record({ units }: GroupReport): void {
    const now = new Map<string, string>();
    for (const { unit, error, diagnostics, outcome } of units) {
      if (error) now.set(`${unit} ${error.stage} ${error.code}`, error.message);
      for (const diagnostic of diagnostics) this.#recordDiagnostic(unit, diagnostic, now);
      if (error && this.#told.get(`${unit} ${error.stage} ${error.code}`) !== error.message) {
        const { stage, code, message, retryable } = error;
        this.#log('error', 'failed', { unit, outcome, stage, code, message, retryable });
      }
      if (!error && [...this.#told.keys()].some((key) => key.startsWith(`${unit} `) && !now.has(key)))
        this.#log('info', 'well-again', { unit });
    }
    this.#told = now;
  }

  #recordDiagnostic(unit: string, diagnostic: Diagnostic, now: Map<string, string>): void {
    const text = formatDiagnostic(diagnostic);
    const key = `${unit} ${text}`;
    now.set(key, text);
    if (!this.#told.has(key)) this.#log('warn', 'diagnostic', { unit, message: text });
  }
}
