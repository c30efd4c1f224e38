import { defineConfig } from 'vitest/config';

/** The tests that judge mutants of the pure rooms (`npm run mutate`): those that need neither etcd nor BIRD nor a build. Each survivor costs
 *  all of them, so the two tables of hostile values, which take half a minute, are left out. */
export default defineConfig({
  test: {
    include: [
      'test/datamodel/**/!(hostile|v1-hostile).test.ts',
      'test/bgp/**/*.test.ts',
      'test/bird/syntax.test.ts',
      'test/golden.test.ts',
    ],
    env: { GOLDENS_PARSED: 'no' },
    testTimeout: 60_000,
    // What is imported once for all files makes a mutant cost half as much.
    isolate: false,
  },
});
