import type { HarnessReport, OutputReport, SessionFate } from './report.ts';

/** What a whole comparison comes to. Of a node that is rendered in several dialects, layouts or releases the worst of them counts. */
export interface Impact {
  /** Nodes of which anything differs, out of all. */
  readonly nodesChanged: number;
  readonly nodes: number;
  /** Sessions by what happens to them; `unchanged` only where the report holds passed outputs too. */
  readonly sessions: Readonly<Record<SessionFate, number>>;
}

const key = ({ step, node }: OutputReport): string => JSON.stringify([step, node]);

/** Sessions of several variants are one session: the gravest fate of a name counts. */
const GRAVITY: readonly SessionFate[] = ['unchanged', 'refiltered', 'added', 'removed', 'restarted'];

function fatesOf(outputs: readonly OutputReport[]): ReadonlyMap<string, SessionFate> {
  const fates = new Map<string, SessionFate>();
  for (const { daemon, sessions } of outputs.flatMap(({ daemons }) => daemons)) {
    for (const { name, fate } of sessions) {
      const id = `${daemon} ${name}`;
      const known = fates.get(id);
      if (known === undefined || GRAVITY.indexOf(fate) > GRAVITY.indexOf(known)) fates.set(id, fate);
    }
  }
  return fates;
}

/** Counts what differs: nodes, and sessions by their fate. */
export function impactOf({ cases }: Pick<HarnessReport, 'cases'>): Impact {
  const sessions = { added: 0, removed: 0, restarted: 0, refiltered: 0, unchanged: 0 };
  let [nodes, nodesChanged] = [0, 0];
  for (const { outputs } of cases) {
    const byNode = new Map<string, OutputReport[]>();
    for (const output of outputs) byNode.set(key(output), [...(byNode.get(key(output)) ?? []), output]);
    for (const of of byNode.values()) {
      nodes++;
      if (of.some(({ status }) => status !== 'passed')) nodesChanged++;
      for (const fate of fatesOf(of).values()) sessions[fate]++;
    }
  }
  return { nodes, nodesChanged, sessions };
}
