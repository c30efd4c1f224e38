import type { Diagnostic } from '../core/diagnostic.ts';
import type { DiagnosticLine, DiagnosticsReport, Place, Status } from './report.ts';
import { diagnosticLines, diagnosticsText } from './run-case.ts';

const key = (line: DiagnosticLine): string => JSON.stringify([line.severity, line.code, line.key, line.path]);

/** The lines of a golden; none where it is no list. */
async function linesOf(text: string): Promise<readonly DiagnosticLine[]> {
  const { parse } = await import('yaml');
  const lines: unknown = parse(text);
  return Array.isArray(lines) ? (lines as readonly DiagnosticLine[]) : [];
}

/** The diagnostics of one node after one step against their golden (null = there is none), with the text that would be the golden. */
export async function diagnosticsReport(
  place: Place,
  golden: string | null,
  diagnostics: readonly Diagnostic[],
): Promise<{ readonly report: DiagnosticsReport; readonly text: string | null }> {
  const path = `${place.out}/${place.node}/diagnostics.yaml`;
  const after = diagnosticLines(diagnostics);
  const text = after.length > 0 ? await diagnosticsText(diagnostics) : null;
  const common = { step: place.step, out: place.out, node: place.node, path };
  if (text === golden)
    return { text, report: { ...common, status: 'passed', added: [], removed: [], unchanged: after } };
  const before = golden === null ? [] : await linesOf(golden);
  const [old, now] = [before, after].map((lines) => new Set(lines.map(key)));
  const status: Status = golden === null ? 'new' : text === null ? 'obsolete' : 'failed';
  return {
    text,
    report: {
      ...common,
      status,
      added: after.filter((line) => !old?.has(key(line))),
      removed: before.filter((line) => !now?.has(key(line))),
      unchanged: after.filter((line) => old?.has(key(line))),
    },
  };
}
