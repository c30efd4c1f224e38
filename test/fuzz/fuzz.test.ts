import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';
import { showReport } from './show-report.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('2,000 hostile values crash nothing, inject nothing, and every bad one is named', async () => {
  const report = await fuzz({ root, seed: 1, values: 2_000, seconds: Number.POSITIVE_INFINITY, onProgress: () => {} });
  expect(report.findings, showReport(report)).toEqual([]);
  expect(report.values).toBeGreaterThanOrEqual(2_000);
  expect(report.bad).toBeGreaterThan(500);
  expect(report.birdRuns).toBeGreaterThan(15);
}, 300_000);
