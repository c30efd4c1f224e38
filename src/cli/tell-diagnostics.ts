import { type Diagnostic, formatDiagnostic } from '../core/diagnostic.ts';

/** Prints each on standard error, a line each: standard output is for what a verb was asked for. */
export function tellDiagnostics(diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
}
