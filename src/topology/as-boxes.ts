import { byBytesOf } from '../core/order.ts';
import type { Vertex } from './graph.ts';
import { thinOut } from './thin-out.ts';

/** Where an AS stands in the picture: routers around the cluster above it, workloads below. */
export type Tier = 'outer' | 'inner' | 'workload';

/** The members of an AS; of several, where there are too many to draw a box for each. */
export interface AsBox {
  readonly tier: Tier;
  readonly label: string;
  readonly members: readonly Vertex[];
}

const MAX_BOXES = 24;

const asText = (asNumber: number | null): string => (asNumber === null ? 'AS unknown' : `AS ${asNumber}`);

function labelOf(members: readonly Vertex[]): string {
  const numbers = [...new Set(members.map(({ asNumber }) => asNumber))];
  if (numbers.length === 1) return asText(numbers[0] ?? null);
  const known = numbers.filter((number) => number !== null).sort((a, b) => a - b);
  return `${numbers.length} AS, ${known[0]} … ${known.at(-1)}`;
}

/** Every vertex in the box of its AS. An AS with a node in it is an inner one, with all its routers. */
export function asBoxesOf(vertices: readonly Vertex[]): readonly AsBox[] {
  const inner = new Set(vertices.filter(({ kind }) => kind === 'node').map(({ asNumber }) => asNumber));
  const tierOf = ({ kind, asNumber }: Vertex): Tier =>
    kind === 'workload' ? 'workload' : inner.has(asNumber) ? 'inner' : 'outer';
  return (['outer', 'inner', 'workload'] as const).flatMap((tier): readonly AsBox[] => {
    const byAs = new Map<string, Vertex[]>();
    for (const vertex of vertices.filter((each) => tierOf(each) === tier)) {
      const key = String(vertex.asNumber ?? '').padStart(10, '0');
      byAs.set(key, [...(byAs.get(key) ?? []), vertex]);
    }
    const all = [...byAs].sort(byBytesOf(([key]) => key)).map(([, members]) => members);
    const { kept, merged } = thinOut(all, MAX_BOXES);
    const boxes = merged.length > 0 ? [...kept, merged] : kept;
    return boxes.map((members) => ({ tier, label: labelOf(members), members }));
  });
}
