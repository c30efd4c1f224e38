import type { Chip } from './block.ts';
import type { Link } from './graph.ts';
import type { PlacedBlock } from './place.ts';
import { type Fate, worseOf } from './speaker.ts';

/** A line of the picture: all sessions between two chips, or between all members of two groups. */
export interface Line {
  readonly path: string;
  readonly fate: Fate;
  readonly links: readonly Link[];
  readonly sessions: number;
  readonly isOneSided: boolean;
  /** How many sessions it stands for, if not one. */
  readonly label: { readonly x: number; readonly y: number; readonly text: string } | null;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const round = (value: number): number => Math.round(value * 10) / 10;

const pair = ({ x, y }: Point): string => `${round(x)} ${round(y)}`;

function lineOf(links: readonly Link[], path: string, at: Point): Line {
  const sessions = links.reduce((sum, link) => sum + link.sessions.length, 0);
  const fate = links.map((link) => link.fate).reduce(worseOf);
  const changed = links.flatMap((link) => link.sessions).filter((session) => session.fate !== 'unchanged').length;
  const isPartial = changed > 0 && changed < sessions;
  return {
    path,
    fate,
    links,
    sessions,
    isOneSided: links.some((link) => link.sessions.some((session) => session.isOneSided)),
    label:
      sessions > 1
        ? { x: round(at.x), y: round(at.y), text: isPartial ? `${changed} of ${sessions}` : `${sessions}` }
        : null,
  };
}

/** How far below its ends an arc of this width hangs. */
export const depthOf = (width: number): number => Math.min(18 + width * 0.13, 110);

/** Two in one row are linked by an arc below it. Returns the depth that it needs. */
export function arcOf(links: readonly Link[], from: Point, to: Point): { readonly line: Line; readonly depth: number } {
  const depth = depthOf(Math.abs(from.x - to.x));
  const low = Math.max(from.y, to.y) + depth * 1.33;
  const curve = [{ x: from.x, y: low }, { x: to.x, y: low }, to].map(pair).join(' ');
  return {
    line: lineOf(links, `M${pair(from)} C${curve}`, { x: (from.x + to.x) / 2, y: Math.max(from.y, to.y) + depth }),
    depth,
  };
}

/** The middle of a chip's lower edge. */
export const footOf = (block: PlacedBlock, chip: Chip): Point => ({
  x: block.x + chip.x + chip.width / 2,
  y: block.y + chip.y + chip.height,
});

export const middleOf = ({ x, width }: PlacedBlock): number => x + width / 2;

/** All sessions between the members of two blocks of different rows. */
export interface Bundle {
  readonly upper: PlacedBlock;
  readonly lower: PlacedBlock;
  readonly links: readonly Link[];
}

/** Where each bundle leaves its two blocks: side by side, in the order of the other ends, so that none cross at once. */
function ports(bundles: readonly Bundle[], end: 'upper' | 'lower', other: 'upper' | 'lower') {
  const found = new Map<Bundle, { readonly x: number; readonly count: number }>();
  for (const block of new Set(bundles.map((bundle) => bundle[end]))) {
    const own = bundles.filter((bundle) => bundle[end] === block);
    own.sort((a, b) => middleOf(a[other]) - middleOf(b[other]));
    for (const [i, bundle] of own.entries()) {
      found.set(bundle, { x: block.x + (block.width * (i + 1)) / (own.length + 1), count: own.length });
    }
  }
  return found;
}

/** How far below a block its lines have turned to where they go. */
const TURN = 84;
const ASIDE = 14;
const STEP = 6;

/** A curve from one point down to the height `to.y` at most, then straight. */
function descend(from: Point, to: Point): string {
  const y = Math.min(to.y, from.y + TURN);
  const half = (y - from.y) / 2;
  const points = [
    { x: from.x, y: from.y + half },
    { x: to.x, y: y - half },
    { x: to.x, y },
  ];
  return ` C${points.map(pair).join(' ')} V${round(to.y)}`;
}

/** A line that went on behind a block would seem to end there: it goes round. `used` counts those on each side. */
function detour(at: number, block: PlacedBlock, used: Map<string, number>): number {
  const side = at < middleOf(block) ? 'left' : 'right';
  const key = `${side} ${block.x} ${block.y}`;
  const lane = used.get(key) ?? 0;
  used.set(key, lane + 1);
  return side === 'left' ? block.x - ASIDE - lane * STEP : block.x + block.width + ASIDE + lane * STEP;
}

/**
 * From the lower edge of the upper block to the upper edge of the lower one. A line turns in the gap below the row that it comes from,
 * and goes straight down past all `blocks` between; its number is at the end where fewer lines meet.
 */
export function curvesOf(bundles: readonly Bundle[], blocks: readonly PlacedBlock[]): readonly Line[] {
  const [above, below] = [ports(bundles, 'upper', 'lower'), ports(bundles, 'lower', 'upper')];
  const used = new Map<string, number>();
  const sorted = [...blocks].sort((a, b) => a.y - b.y);
  return bundles.map((bundle) => {
    const [from, to] = [above.get(bundle)!, below.get(bundle)!];
    const start = { x: from.x, y: bundle.upper.y + bundle.upper.height };
    const end = { x: to.x, y: bundle.lower.y };
    const between = sorted.filter(
      ({ x, y, width, height }) => y > start.y && y + height < end.y && x - STEP < end.x && end.x < x + width + STEP,
    );
    let path = `M${pair(start)}`;
    let at: Point = start;
    for (const block of between) {
      const x = detour(end.x, block, used);
      path += descend(at, { x, y: block.y });
      at = { x, y: block.y + block.height };
      path += ` V${round(at.y)}`;
    }
    const number = from.count < to.count ? { x: start.x, y: start.y + 16 } : { x: end.x, y: end.y - 16 };
    return lineOf(bundle.links, path + descend(at, end), number);
  });
}
