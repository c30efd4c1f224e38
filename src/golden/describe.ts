import type {
  CaseReport,
  DaemonReport,
  DiagnosticsReport,
  OutputReport,
  SessionReport,
  StatementChange,
} from './report.ts';

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

const VERBS = [
  ['removed', 'goes', 'go'],
  ['restarted', 'restarts', 'restart'],
  ['added', 'is added', 'are added'],
  ['refiltered', 'is re-filtered', 'are re-filtered'],
] as const;

const NAMED = 3;

/** `session A restarts (AS 1 → 2)`; several for one reason are counted, and the first of them named. */
function sessionLines(sessions: readonly SessionReport[]): readonly string[] {
  return VERBS.flatMap(([fate, one, many]) => {
    const byReason = new Map<string, string[]>();
    for (const { name, because } of sessions.filter((session) => session.fate === fate)) {
      const reason = because.join(', ');
      byReason.set(reason, [...(byReason.get(reason) ?? []), name]);
    }
    return [...byReason].map(([reason, names]) => {
      const why = reason === '' ? '' : ` (${short(reason)})`;
      if (names.length === 1) return `session ${names[0]} ${one}${why}`;
      const rest = names.length > NAMED ? ' …' : '';
      return `${names.length} sessions ${many}${why}: ${names.slice(0, NAMED).join(', ')}${rest}`;
    });
  });
}

function routeLines({ routes, pools }: DaemonReport): readonly string[] {
  const some = (list: readonly string[]) => `${list.slice(0, NAMED).join(', ')}${list.length > NAMED ? ' …' : ''}`;
  const told = (verb: string, list: readonly string[]) =>
    list.length === 0 ? [] : [`${plural(list.length, 'route')} ${verb}: ${some(list)}`];
  return [
    ...told('no longer announced', routes.removed),
    ...told('announced anew', routes.added),
    ...(pools.length > 0 ? [`routes of ${some(pools)} are treated in another way`] : []),
  ];
}

/** What a change means to one BIRD, the gravest first; empty where nothing of it reaches a protocol. */
export function daemonLines(report: DaemonReport): readonly string[] {
  const others = VERBS.flatMap(([fate, one]) =>
    report.others.filter((other) => other.fate === fate).map(({ name }) => `${name} ${one}`),
  );
  const listen = report.needsRestart ? ['BIRD must be restarted to listen as its files say'] : [];
  return [...sessionLines(report.sessions), ...listen, ...others, ...routeLines(report)];
}

const SHOWN = 100;
const short = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

/** `in protocol device: "scan time 2;" is gone`. */
export function statementLine({ within, before, after }: StatementChange): string {
  const where = within.length > 0 ? `in ${within.map(short).join(' › ')}: ` : '';
  if (after === null) return `${where}\`${short(before ?? '')}\` is gone`;
  if (before === null) return `${where}\`${short(after)}\` is new`;
  return `${where}\`${short(before)}\` → \`${short(after)}\``;
}

/** What touches no protocol by itself, in words. */
function quietLine(output: OutputReport): string {
  const changes = output.files.flatMap((file) => file.statements);
  const [first] = changes;
  if (!first) return 'only comments or layout differ: BIRD reads the same';
  const more = changes.length > 1 ? ` and ${plural(changes.length - 1, 'more statement')}` : '';
  return `no session changes, but ${statementLine(first)}${more}`;
}

/** What differs in an output, the deepest meaning first, as one line: `session A restarts (AS 1 → 2); bird6: kernel1 is re-filtered`. */
export function outputLine(output: OutputReport): string {
  const sets = output.files.flatMap(({ name, status }) => {
    if (status === 'new') return [`${name} is new`];
    return status === 'obsolete' ? [`${name} is not rendered any more`] : [];
  });
  const lines = output.daemons.map((report) => ({ report, lines: daemonLines(report) }));
  const seen = new Set<string>();
  // Both daemons are mostly told the same: then it is said once.
  const meaning = lines.flatMap(({ report, lines: each }) => {
    const key = each.join('; ');
    if (each.length === 0 || seen.has(key)) return [];
    seen.add(key);
    return [report.daemon === 'bird6' ? `bird6: ${key}` : key];
  });
  const all = [...sets, ...meaning];
  return all.length > 0 ? all.join('; ') : quietLine(output);
}

/** `worker-1 (1.6, single)`, and the step where there are several. */
export const placeOf = ({ node, bird, layout, step }: OutputReport): string =>
  `${node} (${bird}, ${layout}${step === 'in.yaml' || step === '' ? '' : `, ${step}`})`;

/** What differs in the diagnostics of a node, as one line. */
export function diagnosticsLine({ added, removed }: DiagnosticsReport): string {
  const told = ({ severity, code, key }: DiagnosticsReport['added'][number]) => `${severity} ${code} ${key}`;
  const lines = [
    ...added.map((each) => `now told: ${told(each)}`),
    ...removed.map((each) => `no longer told: ${told(each)}`),
  ];
  return (
    lines.slice(0, NAMED).join('; ') + (lines.length > NAMED ? ` and ${lines.length - NAMED} more` : '') ||
    'their order differs'
  );
}

/** Everything that fails in a case, a line each, the gravest first: each names case, node and what changes. */
export function failureLines({ name, faults, outputs, diagnostics }: CaseReport): readonly string[] {
  const failed = outputs.filter(({ status }) => status !== 'passed');
  const rank = ({ daemons }: OutputReport) => (daemons.some((report) => daemonLines(report).length > 0) ? 0 : 1);
  return [
    ...[...failed]
      .sort((a, b) => rank(a) - rank(b))
      .map((output) => `${name} › ${placeOf(output)}: ${outputLine(output)}`),
    ...faults.map(({ path, message }) => `${name} › ${path}: ${message}`),
    ...diagnostics
      .filter(({ status }) => status !== 'passed')
      .map((report) => `${name} › ${report.node}: diagnostics: ${diagnosticsLine(report)}`),
  ];
}
