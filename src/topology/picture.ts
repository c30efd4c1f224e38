import { asBoxesOf } from './as-boxes.ts';
import { BAR_ROOM, type Bar, barOf } from './bars.ts';
import { type Block, blockOf, tallyOf } from './block.ts';
import type { Graph, Link } from './graph.ts';
import { type Group, groupsOf, type Row } from './groups.ts';
import { arcOf, type Bundle, curvesOf, footOf, type Line, middleOf } from './lines.ts';
import { type Mesh, meshesOf } from './mesh.ts';
import { sharedDomain } from './names.ts';
import { type PlacedBlock, type PlacedBox, place } from './place.ts';

/** A graph with everything placed, in pixels. */
export interface Picture {
  readonly graph: Graph;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  readonly blocks: readonly PlacedBlock[];
  readonly lines: readonly Line[];
  readonly bars: readonly Bar[];
  /** The lower edge of the drawing: the legend comes below. */
  readonly bottom: number;
}

/** Up to here every session of a mesh is a line of its own, and names are shown. */
const SMALL_MESH = 8;
/** Up to here every one is drawn for itself, whoever it resembles. */
const FEW = 12;
/** Above it, names are left out of large groups. */
const CROWDED = 60;
const MANY_GROUPS = 16;
const MIN_WIDTH = 780;
const TOP = 64;
const LEGEND = 66;

/** Which group each vertex is in. */
const groupOf = (groups: readonly Group[]): ReadonlyMap<string, Group> =>
  new Map(groups.flatMap((group) => group.members.map(({ id }) => [id, group] as const)));

/** What is drawn of its own between chips; `placeOf` says where a group's chips have arcs. */
function arcLinks(graph: Graph, meshes: readonly Mesh[], home: ReadonlyMap<string, Group>) {
  const isSmall = (vertices: readonly { id: string }[]) =>
    vertices.every(({ id }) => (home.get(id)?.members.length ?? 0) <= SMALL_MESH);
  const small = meshes.filter(({ members }) => members.length <= SMALL_MESH && isSmall(members));
  const inside = graph.links.filter(
    ({ a, b, isMesh }) => !isMesh && home.get(a.id) === home.get(b.id) && isSmall([a, b]),
  );
  const links = [...small.flatMap((mesh) => mesh.links), ...inside];
  const within = new Set<Group | undefined>();
  const touched = new Set<Group | undefined>();
  for (const { a, b } of links) {
    const [one, other] = [home.get(a.id), home.get(b.id)];
    if (one === other) within.add(one);
    touched.add(one).add(other);
  }
  const placeOf = (group: Group) => (within.has(group) ? 'inside' : touched.has(group) ? 'outside' : 'none');
  return { links, placeOf, bars: meshes.filter((mesh) => !small.includes(mesh)) };
}

function blocksOf(graph: Graph, groups: readonly Group[], arcs: ReturnType<typeof arcLinks>): readonly Block[] {
  const tally = tallyOf(graph);
  const home = groupOf(groups);
  const hidden = new Map<Group, number>();
  for (const { a, b, isMesh, sessions } of graph.links) {
    const group = home.get(a.id);
    if (!group || isMesh || group !== home.get(b.id) || arcs.placeOf(group) === 'inside') continue;
    hidden.set(group, (hidden.get(group) ?? 0) + sessions.length);
  }
  const domain = sharedDomain(graph.vertices.filter(({ isSpeaker }) => isSpeaker).map(({ name }) => name));
  const isCrowded = graph.vertices.length > CROWDED;
  const maxNamed = isCrowded ? (groups.length > MANY_GROUPS ? 1 : 4) : CROWDED;
  return groups.map((group) =>
    blockOf(group, { maxNamed, arcs: arcs.placeOf(group), hidden: hidden.get(group) ?? 0, domain, tally }),
  );
}

/** The links between two groups, as one. */
function bundled(links: readonly Link[], home: ReadonlyMap<string, Group>) {
  const bundles = new Map<Group, Map<Group, Link[]>>();
  for (const link of links) {
    const [a, b] = [home.get(link.a.id)!, home.get(link.b.id)!];
    if (a === b) continue;
    const known = bundles.get(b)?.get(a) ?? bundles.get(a)?.get(b);
    if (known) known.push(link);
    else bundles.set(a, (bundles.get(a) ?? new Map<Group, Link[]>()).set(b, [link]));
  }
  return [...bundles].flatMap(([a, others]) => [...others].map(([b, all]) => ({ a, b, links: all })));
}

interface Drawn {
  readonly lines: readonly Line[];
  readonly depths: ReadonlyMap<Row, number>;
}

function draw(blocks: readonly PlacedBlock[], arcs: readonly Link[], pairs: ReturnType<typeof bundled>): Drawn {
  const blockOfGroup = new Map(blocks.map((block) => [block.group, block]));
  const chips = new Map(
    blocks.flatMap((block) => block.chips.map((chip) => [chip.vertex.id, { block, chip }] as const)),
  );
  const depths = new Map<Row, number>();
  const lines: Line[] = [];
  const hang = ({ line, depth }: ReturnType<typeof arcOf>, row: Row) => {
    depths.set(row, Math.max(depths.get(row) ?? 0, depth + 8));
    lines.push(line);
  };
  const steep: Bundle[] = [];
  for (const { a, b, links } of pairs) {
    const [one, other] = [blockOfGroup.get(a)!, blockOfGroup.get(b)!];
    const foot = (block: PlacedBlock) => ({ x: middleOf(block), y: block.y + block.height });
    if (a.row === b.row) hang(arcOf(links, foot(one), foot(other)), a.row);
    else steep.push(one.y < other.y ? { upper: one, lower: other, links } : { upper: other, lower: one, links });
  }
  for (const link of arcs) {
    const [from, to] = [chips.get(link.a.id)!, chips.get(link.b.id)!];
    const arc = arcOf([link], footOf(from.block, from.chip), footOf(to.block, to.chip));
    if (from.block === to.block) lines.push(arc.line);
    else hang(arc, from.block.group.row);
  }
  return { lines: [...curvesOf(steep, blocks), ...lines], depths };
}

/** Lays a graph out: the same graph gives the same picture. Every session is in exactly one line, bar, or group's title. */
export function pictureOf(graph: Graph): Picture {
  const meshes = meshesOf(graph);
  const boxes = asBoxesOf(graph.vertices);
  const groups = groupsOf(graph, meshes, boxes, graph.vertices.length > FEW);
  const home = groupOf(groups);
  const arcs = arcLinks(graph, meshes, home);
  const blocks = blocksOf(graph, groups, arcs);
  const inBars = new Set(arcs.bars.flatMap(({ links }) => links));
  const alone = new Set(arcs.links);
  const pairs = bundled(
    graph.links.filter((link) => !alone.has(link) && !inBars.has(link)),
    home,
  );
  const wishOf = ({ members }: { members: readonly { id: string }[] }, placed: readonly PlacedBlock[]): number => {
    const own = new Set(members.map(({ id }) => home.get(id)));
    const linked = pairs.flatMap(({ a, b }) => (own.has(a) ? [b] : own.has(b) ? [a] : []));
    const middles = placed.filter(({ group }) => linked.includes(group)).map(middleOf);
    return middles.reduce((sum, x) => sum + x, 0) / (middles.length || 1);
  };
  const bars = arcs.bars.length * BAR_ROOM;
  // The depth of the arcs is known only once their ends have a place.
  const first = place(boxes, blocks, { top: TOP, minWidth: MIN_WIDTH }, { arcs: new Map(), bars }, wishOf);
  const room = { arcs: draw(first.blocks, arcs.links, pairs).depths, bars };
  const placed = place(boxes, blocks, { top: TOP, minWidth: MIN_WIDTH }, room, wishOf);
  const { lines } = draw(placed.blocks, arcs.links, pairs);
  const feet = placed.blocks.filter(({ group }) => group.row === 'nodes').map(({ y, height }) => y + height);
  const barTop = Math.max(0, ...feet) + (room.arcs.get('nodes') ?? 0);
  return {
    graph,
    width: placed.width,
    height: placed.bottom + LEGEND,
    boxes: placed.boxes,
    blocks: placed.blocks,
    lines,
    bars: arcs.bars.map((mesh, i) => barOf(mesh, placed.blocks, barTop + i * BAR_ROOM)),
    bottom: placed.bottom,
  };
}
