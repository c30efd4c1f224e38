import { type Diagnostic, formatDiagnostic } from '../core/diagnostic.ts';
import { StageError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Verdict } from '../reconciler.ts';
import { GroupReloads, type ReloadOutcome } from './group-reloads.ts';
import type { PassContext } from './pass-context.ts';
import type { Unit } from './unit.ts';
import { type UnitOutcome, type UnitPassOptions, unitPass } from './unit-pass.ts';

/** What one unit came to in the last pass, its reload included. */
export interface UnitReport extends Omit<UnitOutcome, 'owed' | 'outcome'> {
  readonly unit: string;
  /** `owed`: its reload failed; `put-off`: it must not run yet. */
  readonly outcome: UnitOutcome['outcome'] | 'confirmed' | 'owed' | 'put-off';
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

/** After so many failures in a row that the resource wants no more, its loop waits for the next change. */
function limited(unit: Unit, error: StageError | null): StageError | null {
  unit.failures = error ? unit.failures + 1 : 0;
  const limits = unit.resources.flatMap(({ retry }) => retry.attempts ?? []);
  if (!error?.retryable || limits.length === 0 || unit.failures < Math.min(...limits)) return error;
  return new StageError(error.stage, error.code, error.message, { retryable: false, cause: error });
}

/**
 * One pass over the units that tell their services in the same way: each renders, is checked and goes live by itself, and then every
 * different reload is run once, whatever number of units waits for it, and no sooner than it may. What fails stays owed, and costs no other unit anything.
 */
export async function groupPass(
  units: readonly Unit[],
  context: PassContext,
  options: UnitPassOptions,
): Promise<GroupReport> {
  const outcomes: { readonly unit: Unit; readonly outcome: UnitOutcome }[] = [];
  for (const unit of units) outcomes.push({ unit, outcome: await unitPass(unit, context, options) });
  const reloads = new GroupReloads(
    units.flatMap(({ resources }) => resources),
    context,
    options.signal,
  );
  const reports: UnitReport[] = [];
  let due = Number.POSITIVE_INFINITY;
  for (const { unit, outcome } of outcomes) {
    const { owed, ...rest } = outcome;
    if (!owed) {
      reports.push({ ...rest, unit: unit.name, error: limited(unit, rest.error) });
      continue;
    }
    const found: ReloadOutcome[] = [];
    for (const resource of context.syncOnly ? [] : unit.reloads) found.push(await reloads.run(resource));
    const error = worst(found.filter((one) => one instanceof StageError));
    const later = found.filter((one) => typeof one === 'number');
    due = Math.min(due, ...later);
    const isDone = !error && later.length === 0;
    if (isDone) await owed.confirm();
    if (!error && !isDone && outcome.outcome === 'committed')
      context.log('info', 'reload-put-off', { unit: unit.name });
    const outcomeOf = isDone ? 'confirmed' : error ? 'owed' : 'put-off';
    reports.push({ ...rest, unit: unit.name, outcome: outcomeOf, error: limited(unit, error) });
  }
  const error = worst(reports.flatMap((report) => report.error ?? []));
  const isWaiting = reports.some(({ outcome }) => outcome === 'waiting');
  const steps = [...new Set(reports.flatMap((report) => report.steps))];
  const outcome = isWaiting ? 'waiting' : error ? 'failed' : steps.length > 0 ? 'confirmed' : 'unchanged';
  return { outcome, steps, error, hold: null, due, units: reports };
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
      if (outcome === 'stopped') {
        for (const [key, message] of this.#told) if (key.startsWith(`${unit} `)) now.set(key, message);
        continue;
      }
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
