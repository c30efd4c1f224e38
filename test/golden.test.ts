import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runBird } from '../src/bird/run-bird.ts';
import { failureLines } from '../src/golden/describe.ts';
import { findCases } from '../src/golden/scenario.ts';
import { Templates } from '../src/golden/templates.ts';
import { testCase } from '../src/golden/test-case.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const inCi = Boolean(process.env.CI);
/** Mutants of the rules are judged by the goldens alone: no BIRD would say anything else of an equal text. */
const parsed = process.env.GOLDENS_PARSED !== 'no';

/** Those of the two daemons' binaries that cannot be run here. */
async function missingBirds(): Promise<readonly string[]> {
  const asked = ['bird', 'bird6'].map((binary) =>
    runBird(binary, ['--version'], { timeoutMs: 10_000 }).then(
      () => [],
      () => [binary],
    ),
  );
  return (await Promise.all(asked)).flat();
}

const missing = parsed ? await missingBirds() : [];
const cases = await findCases(join(root, 'fixtures'));

/** Bringing cases up takes long: test/golden/converge.test.ts. */
const options = {
  templates: new Templates(join(root, 'templates')),
  converge: false,
  update: false,
  details: 'differences',
} as const;

describe('fixtures', () => {
  it.runIf(parsed)('are parsed by the real bird and bird6', (context) => {
    if (missing.length > 0 && !inCi)
      context.skip(`${missing.join(' and ')} cannot be run here: goldens are compared, but no BIRD has parsed them`);
    expect(missing, 'to be installed').toEqual([]);
  });

  it.each(cases.map((dir) => relative(root, dir)))('%s', async (dir) => {
    const check = parsed && (missing.length === 0 || inCi);
    const report = await testCase(join(root, dir), { ...options, name: dir, check });
    expect(failureLines(report)).toEqual([]);
    expect(report.status).toBe('passed');
  });
});
