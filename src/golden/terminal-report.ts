import { styleText } from 'node:util';
import { printable } from '../core/diagnostic.ts';
import { daemonLines, diagnosticsLine, failureLines, statementLine } from './describe.ts';
import type { CaseReport, HarnessReport, OutputReport } from './report.ts';
import { textDiff } from './text-diff.ts';

type Format = Parameters<typeof styleText>[0];

/** A longer diff is in out.actual/, and in the other reports. */
const MAX_DIFF_LINES = 80;
const MAX_LINES = 20;

/** What a person reads at a terminal, line by line; coloured only where that is asked for. Text of the data cannot steer the terminal. */
export class TerminalReport {
  readonly #colour: boolean;
  readonly #sides: HarnessReport['sides'];
  /** Where the failing case's own files are told to lie; null = nowhere. */
  readonly #kept: string | null;

  readonly #word: string;

  /** `word` stands before what differs: FAIL, if it is not told. */
  constructor(options: {
    readonly colour: boolean;
    readonly sides: HarnessReport['sides'];
    readonly kept: string | null;
    readonly word?: 'FAIL' | 'DIFF';
  }) {
    this.#word = options.word ?? 'FAIL';
    this.#colour = options.colour;
    this.#sides = options.sides;
    this.#kept = options.kept;
  }

  /** One line for a case that is done; for a failing one what is wrong below it. */
  caseLines(report: CaseReport): readonly string[] {
    const { name, status, outputs, durationMs } = report;
    const size = this.#paint('dim', ` (${count(outputs.length, 'output')}) ${Math.round(durationMs)} ms`);
    if (status === 'passed') return [` ${this.#paint('green', '✓')} ${printable(name)}${size}`];
    if (status === 'updated') return [` ${this.#paint('yellow', '↑ updated')} ${printable(name)}${size}`];
    return [` ${this.#paint('red', '✗')} ${printable(name)}${size}`];
  }

  /** Everything about the failing cases: the meaning first, then the statements, then the text. */
  failures(cases: readonly CaseReport[]): readonly string[] {
    return cases.filter(({ status }) => status === 'failed').flatMap((each) => this.#failure(each));
  }

  #failure(report: CaseReport): readonly string[] {
    const [first = report.name, ...more] = failureLines(report);
    const bold = (line: string) =>
      `${this.#paint(['red', 'bold'], ` ${this.#word} `)} ${this.#paint('bold', printable(line))}`;
    const shown = more.slice(0, MAX_LINES).map((line) => `${this.#paint('red', ' also ')} ${printable(line)}`);
    const rest = more.length > MAX_LINES ? [`        and ${more.length - MAX_LINES} more outputs`] : [];
    const [output] = [...report.outputs].filter(({ status }) => status !== 'passed').sort(byGravity);
    const isKept = [...report.outputs, ...report.diagnostics].some(
      ({ status }) => status === 'failed' || status === 'new',
    );
    const kept = this.#kept !== null && isKept ? [this.#paint('dim', `  see ${report.name}/${this.#kept}`)] : [];
    return [
      '',
      bold(first),
      ...shown,
      ...rest,
      ...(output ? this.#output(output) : this.#diagnostics(report)),
      ...kept,
    ];
  }

  #diagnostics(report: CaseReport): readonly string[] {
    return report.diagnostics
      .filter(({ status }) => status !== 'passed')
      .map((each) => `  ${each.path}: ${printable(diagnosticsLine(each))}`);
  }

  #output(output: OutputReport): readonly string[] {
    const lines = output.daemons.flatMap((report) =>
      daemonLines(report).map((line) => `  ${this.#paint('dim', 'meaning   ')} ${report.daemon}: ${printable(line)}`),
    );
    const changed = output.files.filter(({ status }) => status === 'failed');
    const statements = changed.flatMap(({ path, statements: all }) => [
      ...all
        .slice(0, MAX_LINES)
        .map(
          (each) => `  ${this.#paint('dim', 'statement ')} ${path}:${each.afterLine} ${printable(statementLine(each))}`,
        ),
      ...(all.length > MAX_LINES ? [`             and ${all.length - MAX_LINES} more statements`] : []),
    ]);
    return ['', ...lines, ...statements, ...changed.flatMap((file) => this.#diff(textDiff(file, this.#sides)))];
  }

  #diff(text: string): readonly string[] {
    const lines = text.split('\n').filter((line, i, all) => line !== '' || i < all.length - 1);
    const shown = lines.slice(0, MAX_DIFF_LINES).map((line) => `  ${this.#diffLine(printable(line))}`);
    return [
      '',
      ...shown,
      ...(lines.length > MAX_DIFF_LINES ? [`  … ${lines.length - MAX_DIFF_LINES} more lines`] : []),
    ];
  }

  #diffLine(line: string): string {
    if (/^(---|\+\+\+) /.test(line)) return this.#paint('bold', line);
    if (line.startsWith('@@')) return this.#paint('cyan', line);
    if (line.startsWith('+')) return this.#paint('green', line);
    return line.startsWith('-') ? this.#paint('red', line) : line;
  }

  /** The last lines: how many of what, and how long it took. */
  summary({ cases, durationMs }: Pick<HarnessReport, 'cases' | 'durationMs'>): readonly string[] {
    const outputs = cases.flatMap<{ readonly status: string }>(({ status, outputs: own }) =>
      status === 'updated' ? own.map((each) => ({ status: each.status === 'passed' ? 'passed' : status })) : own,
    );
    const row = (head: string, text: string) => `${this.#paint('dim', head.padStart(9))}  ${text}`;
    const tally = (all: readonly { readonly status: string }[]) => {
      const kinds = [
        ['failed', 'red'],
        ['new', 'red'],
        ['obsolete', 'red'],
        ['updated', 'yellow'],
        ['passed', 'green'],
      ] as const;
      const parts = kinds.flatMap(([kind, format]) => {
        const number = all.filter(({ status }) => status === kind).length;
        return number === 0 ? [] : [this.#paint(format, `${number} ${kind}`)];
      });
      return `${parts.join(' | ') || 'none'} ${this.#paint('dim', `(${all.length})`)}`;
    };
    return [
      '',
      row('Cases', tally(cases)),
      row('Outputs', tally(outputs)),
      row('Duration', `${(durationMs / 1000).toFixed(2)} s`),
    ];
  }

  #paint(format: Format, text: string): string {
    return this.#colour ? styleText(format, text, { validateStream: false }) : text;
  }
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

/** Outputs whose meaning changes before those where it does not. */
const byGravity = (a: OutputReport, b: OutputReport): number => weight(b) - weight(a);
const weight = ({ daemons }: OutputReport): number => (daemons.some((each) => daemonLines(each).length > 0) ? 1 : 0);
