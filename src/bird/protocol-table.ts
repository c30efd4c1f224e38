import type { BirdReply } from './replies.ts';

/** One protocol as BIRD 1.6 runs it. What BIRD does not say is null. */
export interface DaemonProtocol {
  readonly name: string;
  /** As BIRD prints it: `BGP`, `Kernel`, `Static`, `Device`, `Direct`. */
  readonly type: string;
  /** `up`, `start`, `feed`, `stop`, `flush`, `down`. */
  readonly state: string;
  /** When `state` was entered, in the daemon's `timeformat protocol`; a second off now and then. */
  readonly since: string;
  /** The rest of the row; for BGP its own state, and the last error behind it. */
  readonly info: string;
  /** BGP's own state is Established: routes come and go, whatever `state` says meanwhile. */
  readonly established: boolean;
  /** `BGP Error: Hold timer expired`. BIRD forgets it when the session is Established, and when it was itself told to end it. */
  readonly lastError: string | null;
  readonly neighborAddress: string | null;
  /** Routes that its import filter let through. Null while the protocol is down. */
  readonly importedRoutes: number | null;
}

const ROW = 1002;
const DETAIL = 1006;

/** `name proto table state since info`, padded; a `since` in a long format holds a blank itself. */
const COLUMNS = /^(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\d\S*-\S*\d \d\d:\d\d:\d\d|\S+)\s*(.*)$/;

/** What a row tells of BGP's state and its last error: the state in a column of its own, none while the protocol is down. */
const BGP_INFO = /^(Idle|Connect|Active|OpenSent|OpenConfirm|Established|Close|Passive)?\s*(.*)$/;

function protocolOf(row: string, details: readonly string[]): DaemonProtocol | null {
  const [, name, type, , state, since, info] = COLUMNS.exec(row) ?? [];
  if (!name || !type || !state || !since) return null;
  const told = (pattern: RegExp) => details.map((line) => pattern.exec(line)?.[1]).find((value) => value !== undefined);
  const imported = told(/^ *Routes: +(\d+) imported/);
  const [, bgpState, error] = BGP_INFO.exec(type === 'BGP' ? (info?.trim() ?? '') : '') ?? [];
  return {
    name,
    type,
    state,
    since,
    info: info?.trim() ?? '',
    established: (told(/^ *BGP state: +(\S+)/) ?? bgpState) === 'Established',
    lastError: told(/^ *Last error: +(.+?) *$/) ?? (error || null),
    neighborAddress: told(/^ *Neighbor address: +(\S+)/) ?? null,
    importedRoutes: imported === undefined ? null : Number(imported),
  };
}

/** What was read last of rows without details, of each of the two daemons: of thousands of sessions most say what they said before. */
let readBefore: readonly ReadonlyMap<string, DaemonProtocol>[] = [];

function readRows(rows: readonly string[]): readonly DaemonProtocol[] {
  const now = new Map<string, DaemonProtocol>();
  const [last, one] = readBefore;
  for (const row of rows) {
    const protocol = last?.get(row) ?? one?.get(row) ?? protocolOf(row, []);
    if (protocol) now.set(row, protocol);
  }
  readBefore = last ? [now, last] : [now];
  return [...now.values()];
}

/** Reads the answer to `show protocols all`, or to `show protocols`, which tells of no addresses and no routes, in BIRD's order. Lines that are neither a row nor about one are passed over. */
export function readProtocols(reply: BirdReply): readonly DaemonProtocol[] {
  const rows = reply.lines.filter(({ code }) => code === ROW);
  if (!reply.lines.some(({ code }) => code === DETAIL)) return readRows(rows.map(({ text }) => text));
  const groups: { readonly row: string; readonly details: string[] }[] = [];
  for (const { code, text } of reply.lines) {
    if (code === ROW) groups.push({ row: text, details: [] });
    else if (code === DETAIL) groups.at(-1)?.details.push(text);
  }
  return groups.map(({ row, details }) => protocolOf(row, details)).filter((protocol) => protocol !== null);
}
