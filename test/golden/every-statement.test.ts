import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compareOutput } from '../../src/golden/compare-output.ts';
import { outputLine, placeOf } from '../../src/golden/describe.ts';
import { type Rendered, renderScenario } from '../../src/golden/render-scenario.ts';
import { findCases, readScenario, type Scenario } from '../../src/golden/scenario.ts';
import { Templates } from '../../src/golden/templates.ts';
import { temporaryFolder } from '../support/folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TEMPLATES = join(root, 'templates');

/** A line that says something to BIRD, whatever else stands in it: it ends a statement outside of comments and mustaches. */
const isStatement = (line: string): boolean => !line.startsWith('#') && line.replace(/\{\{.*?\}\}/g, 'x').includes(';');

/** The cases, those that set most first: they tell of most lines. */
async function scenarios(): Promise<readonly (readonly [string, Scenario])[]> {
  const dirs = await findCases(join(root, 'fixtures'));
  const rank = (dir: string) => (/kitchen-sink/.test(dir) ? 0 : /filters|pools|services|options/.test(dir) ? 1 : 2);
  const sorted = dirs.toSorted((a, b) => rank(a) - rank(b));
  return Promise.all(sorted.map(async (dir) => [relative(root, dir), await readScenario(dir)] as const));
}

const cases = await scenarios();
const whole = new Map<string, readonly Rendered[]>();

async function rendered(scenario: Scenario, templates: Templates): Promise<readonly Rendered[]> {
  const outputs: Rendered[] = [];
  for await (const output of renderScenario(scenario, templates, { once: true })) outputs.push(output);
  return outputs;
}

/** The first line that the harness tells with these templates, or null where every case passes. */
async function firstLine(templates: Templates): Promise<string | null> {
  const intact = new Templates(TEMPLATES);
  for (const [name, scenario] of cases) {
    const goldens = whole.get(name) ?? (await rendered(scenario, intact));
    whole.set(name, goldens);
    const now = await rendered(scenario, templates);
    for (const [i, after] of now.entries()) {
      const output = compareOutput(after, goldens[i]?.files ?? null, after.files, 'differences');
      if (output.status !== 'passed') return `${name} › ${placeOf(output)}: ${outputLine(output)}`;
    }
  }
  return null;
}

const files = (await readdir(TEMPLATES, { recursive: true })).filter((name) => name.endsWith('.hbs')).sort();

describe('a statement line that is gone from a template', () => {
  it.each(files)(
    '%s: fails some case, and its first line says where and what changes',
    async (file) => {
      const tree = await temporaryFolder();
      await cp(TEMPLATES, tree, { recursive: true });
      const text = await readFile(join(TEMPLATES, file), 'utf8');
      const lines = text.split('\n');
      for (const [i, line] of lines.entries()) {
        if (!isStatement(line)) continue;
        await writeFile(join(tree, file), lines.toSpliced(i, 1).join('\n'));
        // A line that holds one end of a mustache's block leaves a template that does not compile: that fails too.
        const first = await firstLine(new Templates(tree)).catch(
          (error: Error) => `${error.message}: does not compile`,
        );
        expect(first, `${file}:${i + 1} ${line}`).toMatch(/^\S+ › \S+ \([^)]+\): \S|: does not compile$/);
        expect(first, `${file}:${i + 1} ${line}`).not.toMatch(/only comments or layout/);
      }
    },
    600_000,
  );
});
