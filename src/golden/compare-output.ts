import type { NamedText } from '../core/named-text.ts';
import { byBytes } from '../core/order.ts';
import { daemonReports } from './daemon-report.ts';
import { withNumberedPasswords } from './redact.ts';
import type { FileReport, OutputReport, Status } from './report.ts';
import { statementChanges } from './statement-changes.ts';

export type OutputPlace = Pick<OutputReport, 'step' | 'out' | 'node' | 'bird' | 'layout'> & {
  /** Of the output's files, below the case's folder. */
  readonly folder: string;
};

const statusOf = (before: unknown, after: unknown): Status =>
  before === after ? 'passed' : before === undefined ? 'new' : after === undefined ? 'obsolete' : 'failed';

/** How much a report says: also the sessions of what passed, nothing of that, or of no output more than which of its files differ. */
export type Details = 'all' | 'differences' | 'names';

function fileReport(
  folder: string,
  name: string,
  before: string | undefined,
  after: string | undefined,
  details: Details,
): FileReport {
  const common = { name, path: `${folder}/${name}`, status: statusOf(before, after) };
  if (common.status === 'passed' || details === 'names')
    return { ...common, before: null, after: null, statements: [] };
  const [shownBefore = '', shownAfter = ''] = withNumberedPasswords([before ?? '', after ?? '']);
  return {
    ...common,
    before: before === undefined ? null : shownBefore,
    after: after === undefined ? null : shownAfter,
    statements: before === undefined || after === undefined ? [] : statementChanges(before, after),
  };
}

/**
 * One output on its two sides; null = that side has none. File sets first, then bytes, and only where these differ statements and meaning,
 * as far as `details` asks for them. Pure.
 */
export function compareOutput(
  place: OutputPlace,
  before: readonly NamedText[] | null,
  after: readonly NamedText[] | null,
  details: Details,
): OutputReport {
  const { folder, ...where } = place;
  const texts = (files: readonly NamedText[] | null) => new Map(files?.map(({ name, text }) => [name, text]));
  const [old, now] = [texts(before), texts(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort(byBytes);
  const files = names.map((name) => fileReport(folder, name, old.get(name), now.get(name), details));
  const same = files.every((file) => file.status === 'passed');
  const status: Status = same ? 'passed' : !before?.length ? 'new' : !after?.length ? 'obsolete' : 'failed';
  const isTold = details === 'all' || (details === 'differences' && !same);
  const daemons = !isTold ? [] : daemonReports(before ?? [], after ?? []);
  return { ...where, status, files, daemons };
}
