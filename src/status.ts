import { type Diagnostic, formatDiagnostic } from './core/diagnostic.ts';
import type { Log } from './core/log.ts';
import type { PassReport } from './pass.ts';

/** What is known of one target, and the log of how it changed: one event a pass, a Diagnostic once when it comes and once when it goes. */
export class TargetStatus {
  readonly #name: string;
  readonly #log: Log;
  #passes = 0;
  #diagnostics: ReadonlyMap<string, Diagnostic> = new Map();
  #lastFailure: string | null = null;

  constructor(name: string, log: Log) {
    this.#name = name;
    this.#log = log;
  }

  record(report: PassReport): void {
    const pass = ++this.#passes;
    const { outcome, error, revision } = report;
    this.#recordDiagnostics(report.diagnostics);
    const fields = { target: this.#name, pass, outcome, steps: report.steps.join(','), revision, ms: report.timings };
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
    this.#log(outcome === 'unchanged' ? 'debug' : 'info', 'pass', fields);
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
