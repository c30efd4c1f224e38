import { byBytesOf } from '../core/order.ts';
import type { Speaker, SpokenSession } from '../topology/speaker.ts';
import type { DaemonReport, OutputReport, SessionEnds, SessionReport } from './report.ts';

/** Who speaks with whom after one step of a case, in one dialect and layout. */
export interface CaseTopology {
  /** `in.yaml`, `in.02-peer-added.yaml` */
  readonly step: string;
  readonly speakers: readonly Speaker[];
}

const endsOf = ({ before, after }: SessionReport): readonly SessionEnds[] =>
  [after, before].filter((ends) => ends !== null);

function spoken(session: SessionReport, daemon: DaemonReport['daemon']): SpokenSession {
  const [ends] = endsOf(session);
  return {
    name: session.name,
    family: daemon === 'bird' ? 4 : 6,
    neighbor: ends?.neighbor ?? null,
    port: ends?.port ?? 0,
    asNumber: ends?.as ?? null,
    clusterId: ends?.clusterId ?? null,
    fate: session.fate,
  };
}

/** What most sessions are opened under: a single one may have an AS of its own. */
function mostFrequent(numbers: readonly number[]): number | null {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

function speakerOf(node: string, daemons: readonly DaemonReport[]): Speaker {
  const all = daemons.flatMap(({ sessions }) => sessions);
  const ends = all.flatMap((session) => endsOf(session));
  const numbersOf = (side: 'before' | 'after') => all.flatMap((session) => session[side]?.localAs ?? []);
  return {
    name: node,
    asNumber: mostFrequent(numbersOf('after')) ?? mostFrequent(numbersOf('before')),
    addresses: [...new Set(ends.flatMap(({ source }) => source ?? []))],
    sessions: daemons.flatMap(({ daemon, sessions }) => sessions.map((session) => spoken(session, daemon))),
  };
}

/**
 * A topology for each step of a case, of its first dialect and layout: the others say the same in other words. Steps of whose sessions
 * nothing is known have none.
 */
export function caseTopologies(outputs: readonly OutputReport[]): readonly CaseTopology[] {
  const steps = new Map<string, Map<string, readonly DaemonReport[]>>();
  for (const { step, node, daemons } of [...outputs].sort(byBytesOf(({ out }) => out))) {
    if (daemons.length === 0) continue;
    const nodes = steps.get(step) ?? new Map<string, readonly DaemonReport[]>();
    if (!nodes.has(node)) nodes.set(node, daemons);
    steps.set(step, nodes);
  }
  return [...steps].map(([step, nodes]) => ({
    step,
    speakers: [...nodes].map(([node, daemons]) => speakerOf(node, daemons)),
  }));
}
