import { defineConfig } from 'vitest/config';

/** Everything that goes wrong with a datastore, in both tiers of tests: `npm run test:faults`. */
export default defineConfig({
  test: {
    include: [
      'test/faults/*.test.ts',
      'test/datastore/etcd-*.test.ts',
      'test/datastore/generations.test.ts',
      'test/e2e/etcd-faults.test.ts',
    ],
    maxWorkers: 2,
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});
