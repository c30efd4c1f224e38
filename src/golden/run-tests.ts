import { relative, resolve } from 'node:path';
import { UsageError } from '../core/errors.ts';
import type { CaseReport } from './report.ts';
import { findCases } from './scenario.ts';
import { type TestOptions, testCase } from './test-case.ts';

export interface RunTestsOptions extends Omit<TestOptions, 'name'> {
  /** Only cases whose path holds this text; null = all. */
  readonly filter: string | null;
  /** Hears of each case as it is done. */
  readonly onCase?: (report: CaseReport) => void;
}

/** Every case at or under `dir`, one after the other, in the order of their folders. Rejects with a UsageError when there is none. */
export async function runTests(
  dir: string,
  { filter, onCase, ...options }: RunTestsOptions,
): Promise<readonly CaseReport[]> {
  const cases = findCases(resolve(dir)).filter((each) => !filter || each.includes(filter));
  if (cases.length === 0) throw new UsageError(`${dir}: no case there has "${filter}" in its path`);
  const reports: CaseReport[] = [];
  for (const each of cases) {
    const report = await testCase(each, { ...options, name: relative(process.cwd(), each) || '.' });
    onCase?.(report);
    reports.push(report);
  }
  return reports;
}
