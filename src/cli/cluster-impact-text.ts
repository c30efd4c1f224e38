import { impactOf } from '../golden/impact.ts';
import type { HarnessReport, OutputReport, SessionFate } from '../golden/report.ts';
import { type Cell, type Colour, plain, textTable } from './text-table.ts';

/** More rows nobody reads at a terminal; `--json` and `--html` have them all. */
const MAX_ROWS = 40;

const FATES: readonly (readonly [SessionFate, string, Colour])[] = [
  ['restarted', 'RESTARTED', 'red'],
  ['removed', 'REMOVED', 'red'],
  ['added', 'ADDED', 'green'],
  ['refiltered', 'RE-FILTERED', 'yellow'],
];

const numberOf = ({ daemons }: OutputReport, fate: SessionFate): number =>
  daemons.flatMap(({ sessions }) => sessions).filter((session) => session.fate === fate).length;

/** What is not about sessions, in a word. */
function otherwise({ status, daemons }: OutputReport): string {
  if (status === 'new') return 'new node';
  if (status === 'obsolete') return 'node goes';
  if (daemons.some(({ needsRestart }) => needsRestart)) return 'BIRD must be restarted';
  const routes = daemons.some(
    ({ routes: { added, removed }, pools }) => added.length + removed.length + pools.length > 0,
  );
  if (routes) return 'routes';
  return daemons.every(
    ({ sessions, others }) => sessions.every(({ fate }) => fate === 'unchanged') && others.length === 0,
  )
    ? 'text'
    : '';
}

/** A row: the nodes of which the same is to be said. */
interface Alike {
  readonly nodes: string[];
  readonly counts: readonly number[];
  readonly other: string;
}

function alike(outputs: readonly OutputReport[]): readonly Alike[] {
  const rows = new Map<string, Alike>();
  for (const output of outputs) {
    const counts = FATES.map(([fate]) => numberOf(output, fate));
    const other = otherwise(output);
    const key = [...counts, other].join(' ');
    const row = rows.get(key) ?? { nodes: [], counts, other };
    row.nodes.push(output.node);
    rows.set(key, row);
  }
  const lost = ({ counts: [restarted = 0, removed = 0] }: Alike) => restarted + removed;
  return [...rows.values()].sort((a, b) => lost(b) - lost(a));
}

const nameOf = ({ nodes }: Alike): string => `${nodes[0]}${nodes.length > 1 ? ` and ${nodes.length - 1} more` : ''}`;

/** A row for the nodes that change alike, those with the most restarts first; and a sentence for the cluster. */
export function clusterImpactText(report: HarnessReport, colour: boolean): string {
  const all = alike(report.cases.flatMap(({ outputs }) => outputs.filter(({ status }) => status !== 'passed')));
  const rows = all.slice(0, MAX_ROWS).map((row): readonly Cell[] => [
    plain(nameOf(row)),
    ...FATES.map(([, , paint], i): Cell => {
      const number = row.counts[i] ?? 0;
      return { text: String(number), colour: number > 0 ? paint : null };
    }),
    plain(row.other),
  ]);
  const heads = ['NODE', ...FATES.map(([, head]) => head), 'OTHER'];
  const table = rows.length > 0 ? textTable(heads, rows, colour) : '';
  const more =
    all.length > MAX_ROWS ? `and ${all.length - MAX_ROWS} more rows: --json or --html FILE has all nodes\n` : '';
  const { nodes, nodesChanged, sessions } = impactOf(report);
  const { restarted, removed, added, refiltered } = sessions;
  const counts = `${restarted} restarted, ${removed} removed, ${added} added, ${refiltered} re-filtered`;
  return `${table}${more}${nodesChanged} of ${nodes} nodes changed; sessions of nodes: ${counts}\n`;
}
