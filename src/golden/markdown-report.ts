import { diagnosticsLine, outputLine } from './describe.ts';
import { impactOf } from './impact.ts';
import type { CaseReport, HarnessReport, OutputReport } from './report.ts';
import { textDiff } from './text-diff.ts';

/** GitHub refuses comments over 65,536 characters. */
const MAX_LENGTH = 60_000;
const MAX_ROWS = 50;

/** Text of the data in a table cell: no markup of its own, no pipe, no line break. */
const cell = (text: string): string => text.replace(/[\\`*_{}[\]<>#|~!&]/g, '\\$&').replace(/[\r\n]+/g, ' ');

const rowOf = (name: string, output: OutputReport): string =>
  `| ${cell(name)} | ${cell(output.node)} | ${output.bird}, ${output.layout} | ${cell(outputLine(output))} |`;

function rowsOf({ name, outputs, faults, diagnostics }: CaseReport): readonly string[] {
  return [
    ...outputs.filter(({ status }) => status !== 'passed').map((output) => rowOf(name, output)),
    ...faults.map(({ path, message }) => `| ${cell(name)} |  | ${cell(path)} | ${cell(message)} |`),
    ...diagnostics
      .filter(({ status }) => status !== 'passed')
      .map((each) => `| ${cell(name)} | ${cell(each.node)} | diagnostics | ${cell(diagnosticsLine(each))} |`),
  ];
}

/** A fence longer than any run of backticks in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}diff\n${text}\n${fence}`;
}

function detailsOf({ name, outputs }: CaseReport, sides: HarnessReport['sides']): readonly string[] {
  const failed = outputs.filter(({ status }) => status === 'failed');
  const diffs = failed.flatMap(({ files }) => files.map((file) => textDiff(file, sides)).filter((text) => text !== ''));
  return diffs.length === 0
    ? []
    : [`<details><summary>${cell(name)}</summary>\n\n${fenced(diffs.join('\n'))}\n\n</details>`];
}

/**
 * A summary for a pull request or a job's page: what it comes to, a row for each output that differs, the diffs folded away. Cut where it
 * would be too long for a comment.
 */
export function markdownReport(report: HarnessReport): string {
  const { nodes, nodesChanged, sessions } = impactOf(report);
  const failed = report.cases.filter(({ status }) => status === 'failed');
  const head = `### ${cell(report.title)}: ${failed.length === 0 ? 'no differences' : `${failed.length} of ${report.cases.length} cases differ`}`;
  const tally = `${nodesChanged} of ${nodes} nodes change: ${sessions.restarted} sessions restart, ${sessions.removed} go, ${sessions.added} are added, ${sessions.refiltered} are re-filtered.`;
  if (failed.length === 0) return `${head}\n\n${report.cases.length} cases, ${nodes} nodes.\n`;
  const rows = failed.flatMap(rowsOf);
  const more = rows.length > MAX_ROWS ? [`\n… and ${rows.length - MAX_ROWS} more`] : [];
  const table = ['| case | node | where | what changes |', '|---|---|---|---|', ...rows.slice(0, MAX_ROWS), ...more];
  let text = `${head}\n\n${tally}\n\n${table.join('\n')}\n`;
  for (const details of failed.flatMap((each) => detailsOf(each, report.sides))) {
    if (text.length + details.length > MAX_LENGTH) return `${text}\nThe diffs of further cases are not shown.\n`;
    text += `\n${details}\n`;
  }
  return text;
}
