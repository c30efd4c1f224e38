import type { Graph, Link, Vertex } from './graph.ts';

/** Nodes that are linked by mesh sessions, directly or over others. */
export interface Mesh {
  readonly members: readonly Vertex[];
  readonly links: readonly Link[];
  /** Everyone speaks with everyone. */
  readonly isFull: boolean;
}

/** The meshes of a graph, the largest first; usually there is one. */
export function meshesOf({ vertices, links }: Graph): readonly Mesh[] {
  const linked = links.filter(({ isMesh }) => isMesh);
  const leads = new Map<string, string>();
  const leadOf = (id: string): string => {
    let lead = id;
    for (let up = leads.get(lead); up !== undefined && up !== lead; up = leads.get(lead)) lead = up;
    leads.set(id, lead);
    return lead;
  };
  for (const { a, b } of linked) leads.set(leadOf(b.id), leadOf(a.id));
  const meshes = new Map<string, { readonly members: Vertex[]; readonly links: Link[] }>();
  for (const vertex of vertices.filter(({ id }) => leads.has(id))) {
    const lead = leadOf(vertex.id);
    if (!meshes.has(lead)) meshes.set(lead, { members: [], links: [] });
    meshes.get(lead)?.members.push(vertex);
  }
  for (const link of linked) meshes.get(leadOf(link.a.id))?.links.push(link);
  return [...meshes.values()]
    .map((mesh): Mesh => {
      const { length } = mesh.members;
      return { ...mesh, isFull: mesh.links.length === (length * (length - 1)) / 2 };
    })
    .sort((a, b) => b.members.length - a.members.length);
}
