import { messageOf } from '../core/errors.ts';
import { type ConvergedCase, convergeCase } from './converge.ts';
import type { GoldenFiles } from './golden-files.ts';
import type { Fault } from './report.ts';
import type { Scenario } from './scenario.ts';
import type { Templates } from './templates.ts';
import { textDiff } from './text-diff.ts';

/** What the BIRDs of a case came to, beside the folders of its nodes: `out/converged.yaml`. */
export const CONVERGED = 'converged.yaml';

const SIDES = { before: 'golden', after: 'converged' };

async function textsOf(converged: ConvergedCase): Promise<ReadonlyMap<string, string>> {
  const { stringify } = await import('yaml');
  return new Map(
    [...converged].map(([out, nodes]) => [out, stringify(nodes, { aliasDuplicateObjects: false, lineWidth: 0 })]),
  );
}

/**
 * Brings a case up and compares what its BIRDs came to with the golden: a fault for each step in which it is something else, none where
 * it is to become the golden. What is not the golden is kept beside it.
 */
export async function convergeFaults(
  scenario: Scenario,
  goldens: GoldenFiles,
  options: { readonly templates: Templates; readonly update: boolean },
): Promise<{ readonly faults: readonly Fault[]; readonly differs: boolean }> {
  const faults: Fault[] = [];
  let differs = false;
  try {
    for (const [out, text] of await textsOf(await convergeCase(scenario, options.templates))) {
      const golden = (await goldens.read(out))?.find(({ name }) => name === CONVERGED)?.text ?? null;
      if (golden === text) continue;
      differs = true;
      await goldens.keep(out, [{ name: CONVERGED, text }]);
      const path = `${out}/${CONVERGED}`;
      const file = { name: CONVERGED, path, status: 'failed', before: golden, after: text, statements: [] } as const;
      const message = golden === null ? 'has no golden' : `the BIRDs came to something else\n${textDiff(file, SIDES)}`;
      if (!options.update) faults.push({ kind: 'converge', path, message });
    }
  } catch (error) {
    faults.push({ kind: 'converge', path: 'in.yaml', message: `cannot be brought up: ${messageOf(error)}` });
  }
  return { faults, differs };
}
