import type { Instant, TargetReport } from '../control/status-report.ts';
import { systemClock } from '../core/clock.ts';
import { readLedgers } from '../host/ledger.ts';
import { askDaemon } from '../service/ask-daemon.ts';
import { DAEMONS, type Settings } from '../settings.ts';
import { sessionsText, short, shown } from './status-text.ts';
import { type Cell, paint, plain, textTable } from './text-table.ts';

/** One daemon, by its own words and by what the last service left in its ledger. */
interface DownTarget
  extends Pick<TargetReport, 'name' | 'transaction' | 'live' | 'confirmed' | 'daemon' | 'sessions' | 'peering'> {
  /** Its hold's kinds. */
  readonly holds: readonly string[];
  readonly lastConfirmed: { readonly revision: string; readonly at: Instant } | null;
}

/** What can be told of a node whose service cannot be asked. */
export interface DownReport {
  readonly service: null;
  /** One sentence: why not, and what to do. */
  readonly why: string;
  readonly targets: readonly DownTarget[];
}

/** Asks each BIRD, for a few seconds at most, and reads the ledgers; the transaction of one that may not be read is `unknown`. Never rejects. */
export async function downReport(settings: Settings, why: string): Promise<DownReport> {
  const ledgers = await readLedgers(settings.stateDir, DAEMONS).catch(() => null);
  const targets = DAEMONS.map(async (name): Promise<DownTarget> => {
    const record = ledgers?.readings.get(name)?.record;
    const newest = record?.history[0];
    return {
      name,
      transaction: record?.txn.at ?? 'unknown',
      holds: record?.hold?.kinds ?? [],
      lastConfirmed: newest ? { revision: newest.revision, at: new Date(newest.at).toISOString() } : null,
      live: record?.live?.statements ?? null,
      confirmed: record?.confirmed ?? null,
      ...(await askDaemon(settings.daemons[name].socket, systemClock)),
    };
  });
  return { service: null, why, targets: await Promise.all(targets) };
}

/** The same for people. */
export function downText({ why, targets }: DownReport, colour: boolean): string {
  const heads = ['TARGET', 'BIRD', 'TRANSACTION', 'HELD', 'LAST CONFIRMED', 'REVISION', 'STATEMENTS'];
  const answers = (yes: boolean): Cell => ({ text: yes ? 'answers' : 'silent', colour: yes ? 'green' : 'red' });
  const rows = targets.map(({ name, transaction, holds, lastConfirmed, live, daemon }) => [
    plain(name),
    answers(daemon !== null),
    plain(transaction),
    plain(holds.join(', ') || 'no'),
    plain(lastConfirmed ? shown(lastConfirmed.at) : transaction === 'unknown' ? 'unknown' : 'never'),
    plain(lastConfirmed?.revision ?? '-'),
    plain(short(live)),
  ]);
  return [
    `${paint({ text: `birdconfd cannot be asked: ${why}.`, colour: 'red' }, colour)}\n`,
    'What follows is what it left in its ledgers, and what BIRD says itself.\n\n',
    textTable(heads, rows, colour),
    ...targets.map((target) => sessionsText(target, colour)),
  ].join('');
}
