import type { Graph, Vertex } from './graph.ts';
import type { Group } from './groups.ts';
import { depthOf } from './lines.ts';
import { labelOf } from './names.ts';
import { FATES, type Fate, worseOf } from './speaker.ts';

/** A rectangle in pixels; of a chip, from its block's corner. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One vertex as it is drawn: with its name, or as a dot among hundreds. */
export interface Chip extends Rectangle {
  readonly vertex: Vertex;
  readonly label: string | null;
  /** What happens to at least half of its sessions. */
  readonly fate: Fate;
  /** The worst that happens to any of them. */
  readonly worst: Fate;
  readonly sessions: number;
}

/** One group as it is drawn, not placed yet. */
export interface Block {
  readonly group: Group;
  /** Null for a single vertex, which needs no frame. */
  readonly title: string | null;
  readonly width: number;
  readonly height: number;
  readonly chips: readonly Chip[];
  /** Sessions among the members that no line shows. */
  readonly hidden: number;
}

/** What chips say of all sessions of a vertex. */
export type Tally = ReadonlyMap<string, ReadonlyMap<Fate, number>>;

const CHIP_HEIGHT = 28;
const DOT = 13;
const PADDING = 12;
const TITLE = 22;
const LETTER = 7.3;
const TITLE_LETTER = 6.6;

/** Vertex → how many of its sessions meet which fate. */
export function tallyOf({ links }: Graph): Tally {
  const tally = new Map<string, Map<Fate, number>>();
  for (const { a, b, sessions } of links) {
    for (const { id } of [a, b]) {
      const counts = tally.get(id) ?? new Map<Fate, number>();
      for (const { fate } of sessions) counts.set(fate, (counts.get(fate) ?? 0) + 1);
      tally.set(id, counts);
    }
  }
  return tally;
}

export interface BlockOptions {
  /** Larger groups than this are drawn without names. */
  readonly maxNamed: number;
  /** Arcs are drawn between chips: to others, or among themselves, which needs room in the frame. */
  readonly arcs: 'none' | 'outside' | 'inside';
  /** Sessions among the members that no line shows. */
  readonly hidden: number;
  /** Left out of every name. */
  readonly domain: string;
  readonly tally: Tally;
}

const columnsFor = (count: number, width: number, height: number): number =>
  Math.max(1, Math.round(Math.sqrt((count * 1.7 * height) / width)));

function titleOf({ members, isMixed, row }: Group, hidden: number): string {
  const word = { outer: 'peers', routers: 'peers', reflectors: 'reflectors', nodes: 'nodes', workloads: 'workloads' }[
    row
  ];
  const inside = hidden > 0 ? `, ${hidden.toLocaleString('en')} sessions inside` : '';
  return `${members.length.toLocaleString('en')} ${isMixed ? `other ${word}` : word}${inside}`;
}

/** How a group is drawn: names in a grid; a line of names where arcs go between them; dots where it is large. */
export function blockOf(group: Group, { maxNamed, arcs, hidden, domain, tally }: BlockOptions): Block {
  const { members } = group;
  const isLine = arcs !== 'none';
  const isDots = !isLine && members.length > maxNamed;
  const labels = members.map(({ name }) =>
    labelOf(domain && name.endsWith(domain) ? name.slice(0, -domain.length) : name),
  );
  const badge = (vertex: Vertex) => (vertex.clusterId === null ? 0 : 26);
  const longest = Math.max(...labels.map((label, i) => label.length * LETTER + badge(members[i]!)));
  const [width, height, gap] = isDots ? [DOT, DOT, 4] : [Math.ceil(longest) + 22, CHIP_HEIGHT, isLine ? 26 : 8];
  const columns = isLine
    ? members.length
    : Math.min(members.length, columnsFor(members.length, width + gap, height + gap));
  const title = members.length > 1 ? titleOf(group, hidden) : null;
  const [left, top] = title === null ? [0, 0] : [PADDING, PADDING + TITLE];
  const chips = members.map((vertex, i): Chip => {
    const counts = tally.get(vertex.id) ?? new Map<Fate, number>();
    const sessions = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const x = left + (i % columns) * (width + gap);
    const y = top + Math.floor(i / columns) * (height + gap);
    const fate = FATES.find((each) => (counts.get(each) ?? 0) * 2 >= sessions && sessions > 0) ?? 'unchanged';
    const worst = [...counts.keys()].reduce(worseOf, 'unchanged');
    return { vertex, label: isDots ? null : (labels[i] ?? ''), x, y, width, height, fate, worst, sessions };
  });
  const rows = Math.ceil(members.length / columns);
  const hanging = arcs === 'inside' ? depthOf((columns - 1) * (width + gap)) : 0;
  const grid = { width: columns * (width + gap) - gap, height: rows * (height + gap) - gap + hanging };
  const framed = Math.max(grid.width + 2 * PADDING, (title?.length ?? 0) * TITLE_LETTER + 2 * PADDING);
  return {
    group,
    title,
    width: title === null ? grid.width : Math.ceil(framed),
    height: title === null ? grid.height : grid.height + TITLE + 2 * PADDING,
    chips,
    hidden,
  };
}
