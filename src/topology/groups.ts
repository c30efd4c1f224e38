import type { AsBox } from './as-boxes.ts';
import type { Graph, Vertex } from './graph.ts';
import type { Mesh } from './mesh.ts';
import { inNaturalOrder } from './names.ts';
import { thinOut } from './thin-out.ts';

/** The rows of the picture, from above: routers around the cluster, routers inside an AS of nodes, reflectors, nodes, workloads. */
export const ROWS = ['outer', 'routers', 'reflectors', 'nodes', 'workloads'] as const;
export type Row = (typeof ROWS)[number];

/** Members of one row of one box that are drawn as one: all have the same sessions with the same others, unless it is mixed. */
export interface Group {
  readonly box: AsBox;
  readonly row: Row;
  readonly members: readonly Vertex[];
  /** What was left over where there were too many groups. */
  readonly isMixed: boolean;
}

const MAX_GROUPS = 24;

const rowOf = ({ tier }: AsBox, { kind, clusterId }: Vertex): Row => {
  if (tier === 'outer') return 'outer';
  if (tier === 'workload') return 'workloads';
  if (kind === 'peer') return 'routers';
  return clusterId === null ? 'nodes' : 'reflectors';
};

/** Neighbor → what is between the two, for each vertex; of a mesh, which is drawn as a whole, only that one is a member. */
function neighborsOf({ links }: Graph, meshes: readonly Mesh[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const neighbors = new Map<string, Map<string, string>>();
  for (const [i, { members }] of meshes.entries()) {
    for (const { id } of members) neighbors.set(id, new Map([[`mesh ${i}`, 'member']]));
  }
  const note = (from: Vertex, to: Vertex, label: string) => {
    const known = neighbors.get(from.id) ?? new Map<string, string>();
    neighbors.set(from.id, known.set(to.id, label));
  };
  for (const { a, b, sessions, fate } of links.filter(({ isMesh }) => !isMesh)) {
    const oneSided = sessions.some(({ isOneSided }) => isOneSided);
    const label = `${fate} ${sessions.length} ${oneSided}`;
    note(a, b, label);
    note(b, a, label);
  }
  return neighbors;
}

const signature = (neighbors: ReadonlyMap<string, string>): string =>
  [...neighbors]
    .map(([id, label]) => `${id}\t${label}`)
    .sort()
    .join('\n');

/** Vertices with the same neighbors; those that are also each other's neighbors count as having themselves for one. */
function twins(vertices: readonly Vertex[], all: ReadonlyMap<string, ReadonlyMap<string, string>>) {
  const found: Vertex[][] = [];
  const placed = new Set<string>();
  const collect = (
    keysOf: (vertex: Vertex, own: ReadonlyMap<string, string>) => readonly string[],
    atLeast: number,
  ) => {
    const byKey = new Map<string, Vertex[]>();
    for (const vertex of vertices.filter(({ id }) => !placed.has(id))) {
      for (const key of keysOf(vertex, all.get(vertex.id) ?? new Map())) {
        byKey.set(key, [...(byKey.get(key) ?? []), vertex]);
      }
    }
    for (const members of byKey.values()) {
      const free = members.filter(({ id }) => !placed.has(id));
      if (free.length < atLeast) continue;
      for (const { id } of free) placed.add(id);
      found.push(free);
    }
  };
  collect(({ id }, own) => [...new Set(own.values())].map((label) => signature(new Map(own).set(id, label))), 2);
  collect((_, own) => [signature(own)], 1);
  return found;
}

/** The groups of a graph, those of a row and box in the order of their members' names; without `joinsTwins` all stand alone. */
export function groupsOf(
  graph: Graph,
  meshes: readonly Mesh[],
  boxes: readonly AsBox[],
  joinsTwins: boolean,
): readonly Group[] {
  const neighbors = neighborsOf(graph, meshes);
  return boxes.flatMap((box) =>
    ROWS.flatMap((row): readonly Group[] => {
      const members = box.members.filter((vertex) => rowOf(box, vertex) === row);
      const found = joinsTwins ? twins(members, neighbors) : members.map((vertex) => [vertex]);
      const sorted = found.map(inNaturalOrder).sort((a, b) => (inNaturalOrder([a[0]!, b[0]!])[0] === a[0] ? -1 : 1));
      const { kept, merged } = thinOut(sorted, MAX_GROUPS);
      const groups = kept.map((members): Group => ({ box, row, members, isMixed: false }));
      return merged.length > 0 ? [...groups, { box, row, members: inNaturalOrder(merged), isMixed: true }] : groups;
    }),
  );
}
