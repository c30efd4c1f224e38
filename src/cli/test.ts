import { UsageError } from '../core/errors.ts';
import type { Flags } from '../given-options.ts';
import type { CaseReport, HarnessReport } from '../golden/report.ts';
import { runTests } from '../golden/run-tests.ts';
import { Templates } from '../golden/templates.ts';
import { TerminalReport } from '../golden/terminal-report.ts';
import { builtInTemplates } from '../host/read-templates.ts';
import { EXIT } from './exit-codes.ts';
import { wantsDetails, wantsFiles, writeReports } from './write-reports.ts';

export interface TestVerbOptions {
  readonly dir: string;
  readonly flags: Flags;
  /** CI is set: goldens are not to be changed there. */
  readonly ci: boolean;
  readonly colour: boolean;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const say = (lines: readonly string[]): void => void process.stdout.write(lines.map((line) => `${line}\n`).join(''));

/** Goldens that were accepted, told after the summary. */
function told(cases: readonly CaseReport[]): readonly string[] {
  const files = cases
    .filter(({ status }) => status === 'updated')
    .flatMap(({ outputs, diagnostics }) => [...outputs.flatMap(({ files: of }) => of), ...diagnostics]);
  const number = (...kinds: readonly string[]) => files.filter(({ status }) => kinds.includes(status)).length;
  if (files.length === 0) return [];
  return [`  Goldens  ${number('new')} written, ${number('failed')} changed, ${number('obsolete')} removed`];
}

function exitOf(cases: readonly CaseReport[]): number {
  const failed = cases.filter(({ status }) => status === 'failed');
  if (failed.some(({ faults }) => faults.some(({ kind }) => kind === 'broken'))) return EXIT.usage;
  return failed.length > 0 ? EXIT.differences : EXIT.ok;
}

/**
 * `birdconfd test`: every case under DIR against its goldens, and every golden through the real BIRD. Exit 2 when any differs, 1 when a
 * case cannot be rendered at all.
 */
export async function testVerb({ dir, flags, ci, colour }: TestVerbOptions): Promise<number> {
  const update = flags.update === true;
  if (update && ci) throw new UsageError('test --update is refused where CI is set: goldens are changed by people');
  if (!['bird', 'none', undefined].includes(text(flags.check) ?? undefined))
    throw new UsageError(`--check: expected bird or none, found "${flags.check}"`);
  const began = performance.now();
  const sides = { before: 'golden', after: 'rendered' };
  const json = flags.json === true;
  const terminal = new TerminalReport({ colour, sides, kept: 'out.actual' });
  const check = flags.check !== 'none';
  const cases = await runTests(dir, {
    templates: new Templates(text(flags.templates) ?? builtInTemplates(), text(flags['templates-overlay'])),
    filter: text(flags.filter),
    check,
    converge: check && flags['skip-converge'] !== true,
    update,
    details: wantsDetails(flags) ? 'all' : update && !wantsFiles(flags) ? 'names' : 'differences',
    onCase: (report) => json || say(terminal.caseLines(report)),
  });
  const report: HarnessReport = { title: `birdconfd test ${dir}`, sides, cases, durationMs: performance.now() - began };
  await writeReports(report, flags);
  if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else say([...terminal.failures(cases), ...terminal.summary(report), ...told(cases)]);
  return exitOf(cases);
}
