import { compareFiles, type Difference } from './compare.ts';
import { readGoldens, writeActual, writeGoldens } from './golden-files.ts';
import { parseByBird } from './parse-goldens.ts';
import { runCase } from './run-case.ts';
import { readScenario } from './scenario.ts';

export interface TestOptions {
  /** The tree of templates to render with. */
  readonly templates: string;
  /** Templates in place of the tree's; null = none. */
  readonly overlay: string | null;
  /** Have the real BIRD parse every file. */
  readonly check: boolean;
  /** Make what comes out the golden, unless BIRD refuses it, it is unstable, or the exit code is another than the case expects. */
  readonly update: boolean;
}

export interface TestedCase {
  readonly dir: string;
  /** Empty: the case passes. */
  readonly differences: readonly Difference[];
  readonly updated: boolean;
}

/** One case against its goldens. What a failing case gave is kept in its out.actual/. Throws UsageError when the case itself is wrong. */
export async function testCase(dir: string, { templates, overlay, check, update }: TestOptions): Promise<TestedCase> {
  const scenario = await readScenario(dir);
  const result = await runCase(scenario, templates, overlay);
  const wrong: Difference[] = result.unstable.map((path) => ({ kind: 'unstable', path }));
  if (check) wrong.push(...(await parseByBird(result.files)));
  const compared = compareFiles(await readGoldens(dir), result.files);
  if (result.exit !== scenario.expect.exit) {
    const detail = `expected exit ${scenario.expect.exit}, found ${result.exit}`;
    wrong.push({ kind: 'exit', path: 'in.yaml', detail });
  }
  if (update && wrong.length === 0) {
    if (compared.length > 0) await writeGoldens(dir, result.files);
    await writeActual(dir, new Map());
    return { dir, differences: [], updated: compared.length > 0 };
  }
  const differences = [...compared, ...wrong];
  await writeActual(dir, differences.length > 0 ? result.files : new Map());
  return { dir, differences, updated: false };
}
