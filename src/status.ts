import type { Meaning } from './bird/meaning.ts';
import { type Diagnostic, formatDiagnostic } from './core/diagnostic.ts';
import type { Log } from './core/log.ts';
import type { PassReport } from './pass/pass-report.ts';
import type { Hold } from './transaction/holds.ts';
import type { Transaction } from './transaction/machine.ts';

/** More names than this make a line that nobody reads. */
const MAX_NAMES = 20;

const some = (names: readonly string[]): string =>
  names.length > MAX_NAMES
    ? `${names.slice(0, MAX_NAMES).join(',')} and ${names.length - MAX_NAMES} more`
    : names.join(',');

/** What a change does to BIRD's protocols, as fields of a log event: only what it does. */
function effects(meaning: Meaning | null): Readonly<Record<string, string | boolean>> {
  if (!meaning) return {};
  const kinds = ['added', 'removed', 'restarted', 'refiltered'] as const;
  const told = kinds.filter((kind) => meaning[kind].length > 0).map((kind) => [kind, some(meaning[kind])] as const);
  return { ...Object.fromEntries(told), ...(meaning.needsRestart ? { needsRestart: true } : {}) };
}

/**
 * What is known of one target, and the log of how it changed: one event a pass, one a move of the transaction, a Diagnostic and a hold
 * once when they come and once when they go. `pass` in each is the number of the pass, from 1 in each life of the service; 0 is what
 * came before the first.
 */
export class TargetStatus {
  readonly #name: string;
  readonly #log: Log;
  #passes = 0;
  #diagnostics: ReadonlyMap<string, Diagnostic> = new Map();
  #lastFailure: string | null = null;
  #hold: Hold | null = null;

  constructor(name: string, log: Log) {
    this.#name = name;
    this.#log = log;
  }

  /** The pass that is under way, or was last. */
  get pass(): number {
    return this.#passes;
  }

  /** A pass begins: what is told from here on is of it. */
  begin(): void {
    this.#passes++;
  }

  moved(from: Transaction, to: Transaction): void {
    const change = 'to' in to ? to : 'to' in from ? from : null;
    const why = 'why' in to ? { why: to.why } : {};
    const told = { target: this.#name, pass: this.#passes, from: from.at, to: to.at, bundle: change?.to.slice(0, 12) };
    this.#log('info', 'transition', { ...told, ...why });
  }

  record(report: PassReport): void {
    const pass = this.#passes;
    const { outcome, error, revision, meaning } = report;
    this.#recordDiagnostics(report.diagnostics);
    const steps = report.steps.join(',');
    const fields = { target: this.#name, pass, outcome, steps, ...effects(meaning), revision, ms: report.timings };
    this.#recordHold(report.hold, pass, meaning);
    if (error) {
      const failure = `${error.stage} ${error.code} ${error.message}`;
      // The same failure again, at every retry, is worth a line only to who debugs.
      const level = failure === this.#lastFailure ? 'debug' : error.retryable ? 'warn' : 'error';
      const { stage, code, message, retryable } = error;
      this.#log(level, 'pass-failed', { ...fields, stage, code, message, retryable });
      this.#lastFailure = failure;
      return;
    }
    this.#lastFailure = null;
    const isNews = report.steps.length > 0 || outcome === 'nothing-to-write';
    this.#log(isNews ? 'info' : 'debug', 'pass', fields);
  }

  #recordHold(hold: Hold | null, pass: number, meaning: Meaning | null): void {
    const [before, now] = [this.#hold?.kinds.join(',') ?? '', hold?.kinds.join(',') ?? ''];
    this.#hold = hold;
    if (before === now) return;
    const target = this.#name;
    if (before !== '') this.#log('info', 'hold-ended', { target, pass, kinds: before });
    if (hold) this.#log('error', 'held', { target, pass, kinds: now, why: hold.why.join('; '), ...effects(meaning) });
  }

  #recordDiagnostics(diagnostics: readonly Diagnostic[]): void {
    const now = new Map(diagnostics.map((d) => [formatDiagnostic(d), d]));
    for (const [text, { severity, code, key, path, message }] of now) {
      if (this.#diagnostics.has(text)) continue;
      const level = severity === 'error' ? 'error' : 'warn';
      this.#log(level, 'diagnostic', { target: this.#name, code, key, path: path.join('.'), message });
    }
    for (const [text, { code, key, path }] of this.#diagnostics) {
      if (!now.has(text))
        this.#log('info', 'diagnostic-cleared', { target: this.#name, code, key, path: path.join('.') });
    }
    this.#diagnostics = now;
  }
}
