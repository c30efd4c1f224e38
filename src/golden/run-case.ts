import { type Diagnostic, hasErrors, sortDiagnostics } from '../core/diagnostic.ts';
import { renderScenario } from './render-scenario.ts';
import type { DiagnosticLine } from './report.ts';
import type { Scenario } from './scenario.ts';
import { Templates } from './templates.ts';

/** What a case gives: path below the case folder → text, and the exit code that `render` would have. */
export interface CaseResult {
  readonly files: ReadonlyMap<string, string>;
  readonly exit: number;
  /** Paths whose bytes depend on the order in which the data arrived: always a bug. */
  readonly unstable: readonly string[];
}

/** Everything that a case gives, at once: for cases that fit into the memory. Rejects as `renderScenario` does. */
export async function runCase(
  scenario: Scenario,
  templates: Templates | string,
  overlay: string | null = null,
): Promise<CaseResult> {
  const files = new Map<string, string>();
  const unstable: string[] = [];
  const byNode = new Map<string, Diagnostic[]>();
  const shelf = typeof templates === 'string' ? new Templates(templates, overlay) : templates;
  for await (const rendered of renderScenario(scenario, shelf)) {
    for (const { name, text } of rendered.files) files.set(`${rendered.folder}/${name}`, text);
    const place = `${rendered.out}/${rendered.node}`;
    for (const name of rendered.unstable)
      unstable.push(name === 'diagnostics' ? `${place}/diagnostics.yaml` : `${rendered.folder}/${name}`);
    byNode.set(place, [...(byNode.get(place) ?? []), ...rendered.diagnostics]);
  }
  for (const [place, diagnostics] of byNode) {
    if (diagnostics.length > 0) files.set(`${place}/diagnostics.yaml`, await diagnosticsText(diagnostics));
  }
  return { files, unstable, exit: [...byNode.values()].some(hasErrors) ? 3 : 0 };
}

/** Diagnostics as goldens hold them, in the order in which they are told. */
export const diagnosticLines = (diagnostics: readonly Diagnostic[]): readonly DiagnosticLine[] =>
  sortDiagnostics(diagnostics).map(({ severity, code, key, path }) => ({ severity, code, key, path }));

/** A word that YAML needs no quotes for, and takes for nothing but a text. */
const PLAIN = /^[/A-Za-z][\w/.-]*$/;
const TAKEN = /^(?:null|true|false)$/i;

const isPlain = (value: string | number): boolean =>
  typeof value === 'number' || (PLAIN.test(value) && !TAKEN.test(value));

/** The text of a diagnostics.yaml. */
export async function diagnosticsText(diagnostics: readonly Diagnostic[]): Promise<string> {
  const lines = diagnosticLines(diagnostics);
  const values = lines.flatMap(({ severity, code, key, path }) => [severity, code, key, ...path]);
  if (lines.length > 0 && values.every(isPlain)) return lines.map(plainText).join('');
  const { stringify } = await import('yaml');
  return stringify(lines, { aliasDuplicateObjects: false });
}

/** As `stringify` writes it, without making a document of it first: most of what is told holds nothing but words. */
const plainText = ({ severity, code, key, path }: DiagnosticLine): string =>
  `- severity: ${severity}\n  code: ${code}\n  key: ${key}\n  path:${path.length === 0 ? ' []\n' : `\n${path.map((part) => `    - ${part}\n`).join('')}`}`;
