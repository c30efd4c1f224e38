import { diagnosticsLine, outputLine, placeOf } from './describe.ts';
import type { CaseReport, HarnessReport, OutputReport } from './report.ts';
import { textDiff } from './text-diff.ts';

/** XML 1.0 has no place at all for other control characters. */
const escaped = (text: string): string =>
  text
    .replace(
      /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '�',
    )
    .replace(/[&<>"'\n\r\t]/g, (c) => `&#${c.charCodeAt(0)};`);

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

interface Testcase {
  readonly name: string;
  /** The failure's one line and all that is known; null = passed. */
  readonly failure: { readonly message: string; readonly text: string } | null;
}

function ofOutput(output: OutputReport, sides: HarnessReport['sides']): Testcase {
  const name = placeOf(output);
  if (output.status === 'passed') return { name, failure: null };
  const text = output.files
    .map((file) => textDiff(file, sides))
    .filter((diff) => diff !== '')
    .join('\n');
  return { name, failure: { message: `${output.node}: ${outputLine(output)}`, text } };
}

function testcasesOf(report: CaseReport, sides: HarnessReport['sides']): readonly Testcase[] {
  return [
    ...report.outputs.map((output) => ofOutput(output, sides)),
    ...report.diagnostics.map((each) => {
      const message = `${each.node}: diagnostics: ${diagnosticsLine(each)}`;
      return { name: each.path, failure: each.status === 'passed' ? null : { message, text: message } };
    }),
    ...report.faults.map(({ kind, path, message }) => ({
      name: `${path} (${kind})`,
      failure: { message, text: message },
    })),
  ];
}

function suite(report: CaseReport, sides: HarnessReport['sides']): string {
  const tests = testcasesOf(report, sides);
  const isUpdated = report.status === 'updated';
  const failures = isUpdated ? 0 : tests.filter(({ failure }) => failure).length;
  const lines = tests.map(({ name, failure }) => {
    const open = `    <testcase classname="${escaped(report.name)}" name="${escaped(name)}"`;
    if (!failure || isUpdated) return `${open}/>`;
    return `${open}>\n      <failure message="${escaped(failure.message)}">${escaped(failure.text)}</failure>\n    </testcase>`;
  });
  const head = `name="${escaped(report.name)}" tests="${tests.length}" failures="${failures}" time="${seconds(report.durationMs)}"`;
  return [`  <testsuite ${head}>`, ...lines, '  </testsuite>'].join('\n');
}

/** JUnit XML, as CI servers read it: a suite for each case, a test for each of its outputs, diagnostics and faults. */
export function junitReport({ title, sides, cases, durationMs }: HarnessReport): string {
  const suites = cases.map((each) => suite(each, sides));
  const head = `<testsuites name="${escaped(title)}" time="${seconds(durationMs)}">`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...suites, '</testsuites>', ''].join('\n');
}
