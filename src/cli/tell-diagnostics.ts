import { type Diagnostic, formatDiagnostic, sortDiagnostics } from '../core/diagnostic.ts';

/** Prints each once on standard error, a line each: standard output is for what a verb was asked for. */
export function tellDiagnostics(diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of sortDiagnostics(diagnostics)) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
}
