import { type Diagnostic, hasErrors } from '../core/diagnostic.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import { compareOutput, type Details } from './compare-output.ts';
import { CONVERGED, convergeFaults } from './converge-golden.ts';
import { diagnosticsReport } from './diagnostics-report.ts';
import { GoldenFiles } from './golden-files.ts';
import { parseByBird } from './parse-goldens.ts';
import { type Rendered, renderScenario } from './render-scenario.ts';
import type { CaseReport, DiagnosticsReport, Fault, OutputReport, Place } from './report.ts';
import { readScenario, type Scenario } from './scenario.ts';
import type { Templates } from './templates.ts';

export interface TestOptions {
  readonly templates: Templates;
  /** Have the real BIRD parse every file. */
  readonly check: boolean;
  /** Bring up those cases that ask for it. */
  readonly converge: boolean;
  /** Make what comes out the golden, unless BIRD refuses it, it is unstable, or the exit code is another than the case expects. */
  readonly update: boolean;
  /** `all`: the sessions of passed outputs are in the report too. */
  readonly details: Details;
  /** What the report calls the case; its folder, if it is not told. */
  readonly name?: string;
}

const DIAGNOSTICS = 'diagnostics.yaml';

interface Node {
  readonly place: Place;
  readonly diagnostics: Diagnostic[];
}

/** One case on its way through the comparison: what was rendered is compared, told and let go, output by output. */
class Run {
  readonly outputs: OutputReport[] = [];
  readonly diagnostics: DiagnosticsReport[] = [];
  readonly faults: Fault[] = [];
  /** The BIRDs came to what the golden says, or were not asked. */
  converges = true;
  readonly #options: TestOptions;
  readonly #goldens: GoldenFiles;
  readonly #nodes = new Map<string, Node>();
  readonly #folders = new Set<string>();

  constructor(options: TestOptions, goldens: GoldenFiles) {
    this.#options = options;
    this.#goldens = goldens;
  }

  async take(rendered: Rendered): Promise<void> {
    const { folder, files, out, node, step, bird, layout } = rendered;
    const goldens = this.#goldens.read(folder);
    const faults = this.#options.check ? await parseByBird(folder, files) : [];
    this.#folders.add(folder);
    const place = `${out}/${node}`;
    this.faults.push(...faults, ...rendered.unstable.map((name) => unstable(name, place, folder)));
    const known = this.#nodes.get(place) ?? { place: { step, out, node }, diagnostics: [] };
    known.diagnostics.push(...rendered.diagnostics);
    this.#nodes.set(place, known);
    if (files.length === 0 && !goldens) return;
    const output = compareOutput({ step, out, node, bird, layout, folder }, goldens, files, this.#options.details);
    this.outputs.push(output);
    if (output.status !== 'passed') await this.#goldens.keep(folder, files);
  }

  async finish(scenario: Scenario): Promise<void> {
    for (const [place, { place: where, diagnostics }] of this.#nodes) {
      const golden = this.#goldens.read(place)?.find(({ name }) => name === DIAGNOSTICS)?.text ?? null;
      const { report, text } = await diagnosticsReport(where, golden, diagnostics);
      if (golden !== null || text !== null) this.diagnostics.push(report);
      if (report.status !== 'passed' && text !== null) await this.#goldens.keep(place, [{ name: DIAGNOSTICS, text }]);
    }
    for (const folder of this.#goldens.folders) if (!this.#folders.has(folder)) this.#obsolete(folder);
    const exit = [...this.#nodes.values()].some((node) => hasErrors(node.diagnostics)) ? 3 : 0;
    const { expect } = scenario;
    if (exit !== expect.exit)
      this.faults.push({ kind: 'exit', path: 'in.yaml', message: `expected exit ${expect.exit}, found ${exit}` });
  }

  /** What lies in a folder and is the golden of nothing. */
  #obsolete(folder: string): void {
    const files = this.#goldens.read(folder) ?? [];
    const isNode = this.#nodes.has(folder);
    const left = files.filter(({ name }) => !(isNode && name === DIAGNOSTICS) && name !== CONVERGED);
    if (left.length === 0) return;
    const [out = '', node = ''] = folder.split('/');
    const place = { step: '', out, node, bird: '1.6', layout: 'single', folder } as const;
    this.outputs.push(compareOutput(place, left, null, this.#options.details));
  }

  /** The paths of goldens that nothing renders. */
  get obsolete(): readonly string[] {
    const files = this.outputs.flatMap((output) => output.files.filter(({ status }) => status === 'obsolete'));
    return [...files, ...this.diagnostics.filter(({ status }) => status === 'obsolete')].map(({ path }) => path);
  }

  get isPassed(): boolean {
    const all = [...this.outputs, ...this.diagnostics];
    return this.converges && this.faults.length === 0 && all.every(({ status }) => status === 'passed');
  }
}

const unstable = (name: string, place: string, folder: string): Fault => ({
  kind: 'unstable',
  path: name === 'diagnostics' ? `${place}/${DIAGNOSTICS}` : `${folder}/${name}`,
  message: 'depends on the order in which the data arrive',
});

/** A case that cannot be compared at all. */
const broken = (name: string, error: unknown): CaseReport => ({
  name,
  about: '',
  status: 'failed',
  faults: [{ kind: 'broken', path: 'in.yaml', message: messageOf(error) }],
  outputs: [],
  diagnostics: [],
  durationMs: 0,
});

/** What is wrong with the case's own files, or with what is asked of them; anything else is a bug. */
const isOfCase = (error: unknown): boolean =>
  error instanceof UsageError || (error instanceof Error && 'syscall' in error);

/**
 * One case against its goldens. What a failing case gave is kept in its out.actual/. A case that is wrong in itself or whose files cannot be
 * read or written, and a template that cannot be rendered, are a fault `broken`; rejects only on a bug.
 */
export async function testCase(dir: string, options: TestOptions): Promise<CaseReport> {
  const began = performance.now();
  const name = options.name ?? dir;
  let about = '';
  let outputs: readonly OutputReport[] = [];
  try {
    const goldens = await GoldenFiles.open(dir);
    const run = new Run(options, goldens);
    outputs = run.outputs;
    const scenario = await readScenario(dir);
    about = scenario.about;
    for await (const rendered of renderScenario(scenario, options.templates)) await run.take(rendered);
    await run.finish(scenario);
    if (scenario.converge && options.converge) {
      const { faults, differs } = await convergeFaults(scenario, goldens, options);
      run.faults.push(...faults);
      run.converges = !differs;
    }
    // What is accepted nobody asks about, but here it is not.
    if (options.update && options.details === 'names' && run.faults.length > 0)
      return testCase(dir, { ...options, update: false, details: 'differences' });
    const { isPassed, faults, diagnostics } = run;
    const isUpdated = !isPassed && options.update && faults.length === 0;
    if (isUpdated) await goldens.accept(run.obsolete);
    const status = isPassed ? 'passed' : isUpdated ? 'updated' : 'failed';
    return { name, about, status, faults, outputs, diagnostics, durationMs: performance.now() - began };
  } catch (error) {
    if (!isOfCase(error)) throw error;
    return { ...broken(name, error), about, outputs };
  }
}
