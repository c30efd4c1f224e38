import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, UsageError } from '../core/errors.ts';
import type { Flags } from '../given-options.ts';
import type { HarnessReport } from '../golden/report.ts';
import type { Option } from '../option-table.ts';

/** The reports that are files, each with its option; the code of each is loaded only when it is asked for. */
const FORMATS: Readonly<Record<string, { help: string; make: (report: HarnessReport) => Promise<string> }>> = {
  junit: {
    help: 'write JUnit XML there',
    make: async (report) => (await import('../golden/junit-report.ts')).junitReport(report),
  },
  markdown: {
    help: 'write a summary for a pull request there',
    make: async (report) => (await import('../golden/markdown-report.ts')).markdownReport(report),
  },
  html: {
    help: 'write one self-contained HTML page there: diffs side by side, topology, a filter',
    make: async (report) => (await import('../golden/html-report.ts')).htmlReport(report),
  },
};

export const REPORT_OPTIONS: readonly Option[] = Object.entries(FORMATS).map(([name, { help }]) => ({
  name,
  value: 'FILE',
  help,
}));

/** Whether a report is asked for that shows the sessions of what did not change, too. */
export const wantsDetails = (flags: Flags): boolean => flags.json === true || typeof flags.html === 'string';

/** Whether any report is to be written that is a file. */
export const wantsFiles = (flags: Flags): boolean =>
  Object.keys(FORMATS).some((name) => typeof flags[name] === 'string');

/** Writes the reports that the flags ask for; folders are made. Rejects with a UsageError where one cannot be written. */
export async function writeReports(report: HarnessReport, flags: Flags): Promise<void> {
  for (const [name, { make }] of Object.entries(FORMATS)) {
    const path = flags[name];
    if (typeof path !== 'string') continue;
    const text = await make(report);
    await mkdir(dirname(path), { recursive: true })
      .then(() => writeFile(path, text))
      .catch((error: unknown) => {
        throw new UsageError(`--${name}: ${messageOf(error)}`);
      });
  }
}
