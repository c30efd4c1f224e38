import type { ServiceReport, SessionReport, TargetReport, TargetState } from '../control/status-report.ts';
import { formatDiagnostic, sortDiagnostics } from '../core/diagnostic.ts';
import { type Cell, type Colour, paint, plain, textTable } from './text-table.ts';

const COLOURS: Readonly<Record<TargetState, Colour>> = {
  starting: 'yellow',
  converged: 'green',
  waiting: 'yellow',
  held: 'red',
  failed: 'red',
  'needs-restart': 'red',
  stale: 'yellow',
  'node-unknown': 'red',
};

/** calicoctl's words for what a session is, by the names that Calico gives them. */
const PEER_TYPES: readonly (readonly [string, string])[] = [
  ['Mesh_', 'node-to-node mesh'],
  ['Node_', 'node specific'],
  ['Global_', 'global'],
  ['Local_Workload_', 'local workload'],
];

/** `2026-11-22 10:02:11Z`. */
export const shown = (instant: string): string => `${instant.slice(0, 19).replace('T', ' ')}Z`;

const DIGEST_LENGTH = 12;
/** As much of a digest as tells it from others. */
export const short = (digest: string | null): string => digest?.slice(0, DIGEST_LENGTH) ?? '-';

function sessionRow({ name, neighbor, state, info, since, established }: SessionReport): readonly Cell[] {
  const colour = established ? 'green' : 'red';
  const words = info.replace(/ +/g, ' '); // BIRD pads its state for a table of its own
  const type = PEER_TYPES.find(([start]) => name.startsWith(start))?.[1] ?? name;
  return [plain(neighbor), plain(type), { text: state, colour }, plain(since), { text: words, colour }];
}

/** BIRD's sessions as calicoctl shows them, under a title. */
export function sessionsText({ name, sessions }: Pick<TargetReport, 'name' | 'sessions'>, colour: boolean): string {
  const title = `\nBGP sessions of ${name}\n`;
  if (sessions === null) return `${title}BIRD does not answer.\n`;
  if (sessions.length === 0) return `${title}There are none.\n`;
  const heads = ['PEER ADDRESS', 'PEER TYPE', 'STATE', 'SINCE', 'INFO'];
  return title + textTable(heads, sessions.map(sessionRow), colour);
}

/** What is to be known of a target beside its row: why it is where it is, and what an operator can do about it. */
function remarks(target: TargetReport): readonly Cell[] {
  const { name, why, hold, needsRestart, lastError, keptPasswords, peering } = target;
  const remark = (colour: Colour, text: string): Cell => ({ text: `${name}: ${text}`, colour });
  const all: Cell[] = [];
  if (hold) {
    all.push(remark('red', `held since ${shown(hold.since)} (${hold.kinds.join(', ')}): ${hold.summary}`));
    for (const kind of ['added', 'removed', 'restarted', 'refiltered'] as const) {
      if (hold.plan[kind].length > 0) all.push(plain(`  ${kind.padEnd(10)} ${hold.plan[kind].join(' ')}`));
    }
  } else if (why !== null && target.state !== 'stale') all.push(remark(COLOURS[target.state], why));
  if (lastError) {
    const { stage, code, message, since } = lastError;
    all.push(remark('red', `${stage} fails since ${shown(since)} (${code}): ${message}`));
  }
  if (needsRestart)
    all.push(remark('yellow', 'BIRD takes its new listening address or port only when it is restarted'));
  for (const fault of peering) all.push(remark('yellow', fault));
  for (const { session, since } of keptPasswords) {
    all.push(remark('yellow', `${session} keeps a password that is no longer found, since ${shown(since)}`));
  }
  return all;
}

/** Each once: the targets look at the same data. */
const faults = (targets: readonly TargetReport[]): readonly Cell[] =>
  sortDiagnostics(targets.flatMap(({ diagnostics }) => diagnostics)).map(
    (fault): Cell => ({ text: formatDiagnostic(fault), colour: fault.severity === 'error' ? 'red' : 'yellow' }),
  );

function datastoreText({ datastore }: ServiceReport, colour: boolean): string {
  const { inSync, staleSince, lastError, revision } = datastore;
  const at = `revision ${revision ?? 'unknown'}`;
  if (inSync && staleSince === null) return `The data are in sync, ${at}.\n`;
  const since = staleSince === null ? 'not in sync yet' : `stale since ${shown(staleSince)}`;
  const text = `The data are ${since}, ${at}${lastError === null ? '' : `: ${lastError}`}`;
  return `${paint({ text, colour: 'red' }, colour)}\n`;
}

const yesNo = (yes: boolean): Cell => ({ text: yes ? 'yes' : 'no', colour: yes ? 'green' : 'red' });

/** What `birdconfd status` prints: the service, its targets, what is to be known of them, and BIRD's sessions as calicoctl shows them. */
export function statusText(report: ServiceReport, colour: boolean): string {
  const { version, pid, node, startedAt, targets } = report;
  const head = `birdconfd ${version} runs for ${node} since ${shown(startedAt)}, pid ${pid}.`;
  const heads = ['TARGET', 'STATE', 'SINCE', 'READY', 'REVISION', 'STATEMENTS'];
  const rows = targets.map((target) => [
    plain(target.name),
    { text: target.state, colour: COLOURS[target.state] ?? null },
    plain(shown(target.since)),
    yesNo(target.ready && target.peering.length === 0),
    plain(target.revision ?? '-'),
    plain(
      target.live === target.confirmed ? short(target.live) : `${short(target.live)}, BIRD ${short(target.confirmed)}`,
    ),
  ]);
  return [
    `${paint(plain(head), colour)}\n`,
    datastoreText(report, colour),
    '\n',
    textTable(heads, rows, colour),
    ...[...targets.flatMap(remarks), ...faults(targets)].map((cell) => `${paint(cell, colour)}\n`),
    ...targets.map((target) => sessionsText(target, colour)),
  ].join('');
}
