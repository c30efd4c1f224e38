#!/usr/bin/env node
// Runs the whole suite of datastore faults, of both tiers, and ends with "N passed, N failed"; exit 1 when anything failed.
//   node scripts/faults.mjs [NAME…]      only the test files whose paths hold one of the names
import { startVitest } from 'vitest/node';
import { becomeRoot } from './lab/become-root.mjs';

/** A file that could not be loaded, and an error outside of any test, count as one failure each. */
function counted({ state }) {
  const modules = state.getTestModules();
  const results = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
  const count = (wanted) => results.filter((result) => result === wanted).length;
  const broken = modules.filter((module) => module.errors().length > 0).length;
  return { passed: count('passed'), failed: count('failed') + broken + state.getUnhandledErrors().length };
}

if (await becomeRoot()) {
  let counts = { passed: 0, failed: 1 };
  try {
    const vitest = await startVitest('test', process.argv.slice(2), {
      config: 'vitest.faults.config.ts',
      watch: false,
    });
    counts = counted(vitest);
    await vitest.close();
  } catch (error) {
    console.error(error);
  }
  console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}
