import { defineConfig } from 'vitest/config';
import { LONG_TESTS } from './test/long-tests.ts';

export default defineConfig({
  test: {
    include: [...LONG_TESTS],
    maxWorkers: 2,
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});
