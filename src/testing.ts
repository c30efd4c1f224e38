import { fileURLToPath } from 'node:url';
import type { DiagnosticLine, HarnessReport, SessionReport, StatementChange } from './golden/report.ts';

export type {
  CaseReport,
  DaemonReport,
  DiagnosticLine,
  DiagnosticsReport,
  Fault,
  FileReport,
  HarnessReport,
  OutputReport,
  SessionEnds,
  SessionReport,
  StatementChange,
} from './golden/report.ts';

/** Which templates are rendered with; birdconfd's own where nothing is said. */
export interface TemplateOptions {
  /** A tree laid out like birdconfd's `templates/`, in place of the built-in one. */
  readonly templates?: string;
  /** Templates that replace those of the same names. */
  readonly overlay?: string;
}

export interface GoldenOptions extends TemplateOptions {
  /** Have the real `bird` and `bird6` parse every file; true, if it is not said. */
  readonly check?: boolean;
  /** Bring up the cases that ask for it, which takes root; false, if it is not said. */
  readonly converge?: boolean;
}

/** What a case gives. */
export interface RenderedCase {
  /** Path below the case's folder (`out/worker-1/1.6-single/bird.conf`) → text. */
  readonly files: Readonly<Record<string, string>>;
  /** `step folder/node` (`out/worker-1`) → what is told of its data. */
  readonly diagnostics: Readonly<Record<string, readonly DiagnosticLine[]>>;
}

/** What going from one BIRD configuration to another does. */
export interface BirdDiff {
  /** A line for each change, the gravest first: `session Global_192_0_2_10 restarts (AS 64555 → 64556)`. */
  readonly meaning: readonly string[];
  /** Every BGP session of either side, by name, unchanged ones too. */
  readonly sessions: readonly SessionReport[];
  readonly statements: readonly StatementChange[];
  /** Unified; empty where the texts are the same. Passwords are numbered, not shown. */
  readonly text: string;
}

/** A case's folder: a path, or a `file:` URL such as `new URL('./cases/rack', import.meta.url)`. */
export type CaseFolder = string | URL;

/** What a matcher gives back to vitest. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

const pathOf = (folder: CaseFolder): string => (folder instanceof URL ? fileURLToPath(folder) : folder);

async function templatesOf({ templates, overlay }: TemplateOptions) {
  const { Templates } = await import('./golden/templates.ts');
  const { builtInTemplates } = await import('./host/read-templates.ts');
  return new Templates(templates ?? builtInTemplates(), overlay ?? null);
}

/** Renders a case for all of its nodes, dialects, layouts, releases and steps. Rejects where the case itself is wrong. */
export async function renderCase(folder: CaseFolder, options: TemplateOptions = {}): Promise<RenderedCase> {
  const { renderScenario } = await import('./golden/render-scenario.ts');
  const { diagnosticLines } = await import('./golden/run-case.ts');
  const { readScenario } = await import('./golden/scenario.ts');
  const files: Record<string, string> = {};
  const diagnostics: Record<string, readonly DiagnosticLine[]> = {};
  const scenario = await readScenario(pathOf(folder));
  for await (const rendered of renderScenario(scenario, await templatesOf(options), { once: true })) {
    for (const { name, text } of rendered.files) files[`${rendered.folder}/${name}`] = text;
    const place = `${rendered.out}/${rendered.node}`;
    diagnostics[place] = [...(diagnostics[place] ?? []), ...diagnosticLines(rendered.diagnostics)];
  }
  return { files, diagnostics };
}

/** What going from one bird.conf to another does to the daemon. Both as texts whose includes stand in their place. */
export async function diffBird(before: string, after: string): Promise<BirdDiff> {
  const { daemonReport } = await import('./golden/daemon-report.ts');
  const { daemonLines } = await import('./golden/describe.ts');
  const { withNumberedPasswords } = await import('./golden/redact.ts');
  const { statementChanges } = await import('./golden/statement-changes.ts');
  const { textDiff } = await import('./golden/text-diff.ts');
  const file = (text: string) => [{ name: 'bird.conf', text }];
  const report = daemonReport('bird', file(before), file(after));
  const [old = '', now = ''] = withNumberedPasswords([before, after]);
  const common = { name: 'bird.conf', path: 'bird.conf', status: 'failed', statements: [] } as const;
  return {
    meaning: daemonLines(report),
    sessions: report.sessions,
    statements: statementChanges(before, after),
    text: textDiff({ ...common, before: old, after: now }, { before: 'before', after: 'after' }),
  };
}

/** Every case at or under a folder against its goldens, as `birdconfd test` does it; changes no golden. Rejects where there is none. */
export async function testCases(folder: CaseFolder, options: GoldenOptions = {}): Promise<HarnessReport> {
  const { runTests } = await import('./golden/run-tests.ts');
  const began = performance.now();
  const { check = true, converge = false } = options;
  const templates = await templatesOf(options);
  const given = { templates, check, converge, update: false, details: 'all', filter: null } as const;
  const cases = await runTests(pathOf(folder), given);
  const sides = { before: 'golden', after: 'rendered' };
  return { title: pathOf(folder), sides, cases, durationMs: performance.now() - began };
}

/** A matcher's `this`, as far as it is of use here. */
export interface MatcherContext {
  readonly snapshotState?: object;
}

/** Whether vitest runs with `--update`, which it tells custom matchers in no other way. */
const isUpdating = (context: MatcherContext | undefined): boolean => {
  const state = context?.snapshotState;
  return state !== undefined && '_updateSnapshot' in state && state._updateSnapshot === 'all';
};

async function toMatchBirdGolden(
  this: MatcherContext | undefined,
  folder: CaseFolder,
  options: GoldenOptions = {},
): Promise<MatcherResult> {
  const { testCase } = await import('./golden/test-case.ts');
  const { TerminalReport } = await import('./golden/terminal-report.ts');
  const { relative, resolve } = await import('node:path');
  const { check = true, converge = false } = options;
  const dir = resolve(pathOf(folder));
  const report = await testCase(dir, {
    templates: await templatesOf(options),
    check,
    converge,
    update: isUpdating(this),
    details: 'differences',
    name: relative(process.cwd(), dir) || '.',
  });
  const sides = { before: 'golden', after: 'rendered' };
  const terminal = new TerminalReport({ colour: process.stdout.isTTY === true, sides, kept: 'out.actual' });
  const pass = report.status !== 'failed';
  const told = () => terminal.failures([report]).join('\n').trim();
  return { pass, message: () => (pass ? `${report.name} matches its goldens` : told()) };
}

/** What `expect.extend` adds. */
export interface BirdMatchers {
  /** The case in this folder gives exactly its goldens. With `vitest --update` what it gives becomes the goldens. Await it. */
  toMatchBirdGolden(options?: GoldenOptions): Promise<void>;
}

/** For vitest's `expect.extend(birdMatchers)`; `birdconfd/testing/vitest` does that by itself. */
export const birdMatchers: {
  readonly toMatchBirdGolden: (
    this: MatcherContext | undefined,
    folder: CaseFolder,
    options?: GoldenOptions,
  ) => Promise<MatcherResult>;
} = { toMatchBirdGolden };
