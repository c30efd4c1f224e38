import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { canonical, parseStatements } from '../../src/bird/statements.ts';
import { runCase } from '../../src/golden/run-case.ts';
import { findCases, readScenario } from '../../src/golden/scenario.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cases = await findCases(join(root, 'fixtures'));

/** The main file of layout `calico` with each include line replaced by that file's text, less its header line. */
function expand(path: string, files: ReadonlyMap<string, string>): string {
  const main = files.get(path)!;
  return main.replace(/^include "(.*)";\n/gm, (_, name: string) => {
    const included = files.get(path.replace(/[^/]*$/, name));
    expect(included, `${path} includes ${name}`).toMatch(/^# birdconfd/);
    return included!.slice(included!.indexOf('\n') + 1);
  });
}

describe('layouts', () => {
  it.each(cases.map((dir) => relative(root, dir)))('%s: single is calico with its includes in place', async (dir) => {
    const scenario = await readScenario(join(root, dir));
    const { files } = await runCase({ ...scenario, layouts: ['single', 'calico'] }, join(root, 'templates'));
    const mains = [...files.keys()].filter((path) => /-calico\/bird6?\.cfg$/.test(path));
    const singles = [...files.keys()].filter((path) => /-single\/bird6?\.conf$/.test(path));
    expect(mains.map((path) => path.replace('-calico/', '-single/').replace('.cfg', '.conf'))).toEqual(singles);
    for (const [i, path] of mains.entries()) {
      const expanded = expand(path, files);
      const single = files.get(singles[i]!)!;
      expect(files.get(path)!.match(/^include /gm)).toHaveLength(2);
      expect(parseStatements(expanded).map(canonical)).toEqual(parseStatements(single).map(canonical));
      expect(expanded).toBe(single);
    }
  });
});
