import type { Rectangle } from './block.ts';
import { middleOf } from './lines.ts';
import type { Mesh } from './mesh.ts';
import type { PlacedBlock } from './place.ts';
import { FATES, type Fate, worseOf } from './speaker.ts';

/** A large mesh: a bar that every group of members hangs on, in place of thousands of lines. */
export interface Bar extends Rectangle {
  readonly mesh: Mesh;
  readonly label: string;
  readonly sessions: number;
  /** The share of each fate, from left to right. */
  readonly segments: readonly {
    readonly fate: Fate;
    readonly sessions: number;
    readonly x: number;
    readonly width: number;
  }[];
  /** From a group down to the bar. */
  readonly stubs: readonly { readonly x: number; readonly from: number; readonly to: number; readonly fate: Fate }[];
}

export const BAR_ROOM = 52;
const BAR_HEIGHT = 26;
const LETTER = 7;

function labelOf({ members, isFull, links }: Mesh, sessions: number): string {
  const oneSided = links.flatMap((link) => link.sessions).filter(({ isOneSided }) => isOneSided).length;
  const words = [
    `${isFull && oneSided === 0 ? 'full mesh' : 'mesh'} of ${members.length.toLocaleString('en')}`,
    `${sessions.toLocaleString('en')} sessions`,
    ...(oneSided > 0 ? [`${oneSided.toLocaleString('en')} on one side only`] : []),
  ];
  return words.join(' · ');
}

/** The bar of a mesh below the blocks of its members; `top` is the upper edge of its room. */
export function barOf(mesh: Mesh, blocks: readonly PlacedBlock[], top: number): Bar {
  const ids = new Set(mesh.members.map(({ id }) => id));
  const own = blocks.filter(({ chips }) => chips.some(({ vertex }) => ids.has(vertex.id)));
  const all = mesh.links.flatMap((link) => link.sessions);
  const counts = FATES.map((fate) => ({ fate, sessions: all.filter((session) => session.fate === fate).length }));
  const label = labelOf(mesh, all.length);
  const middles = own.map(middleOf);
  const middle = (Math.min(...middles) + Math.max(...middles)) / 2;
  const width = Math.max(Math.max(...middles) - Math.min(...middles) + 40, label.length * LETTER + 32);
  const y = top + BAR_ROOM - BAR_HEIGHT;
  let x = middle - width / 2;
  const segments = counts
    .filter(({ sessions }) => sessions > 0)
    .map((segment) => {
      const placed = { ...segment, x, width: (width * segment.sessions) / all.length };
      x += placed.width;
      return placed;
    });
  const stubs = own.map((block) => ({
    x: middleOf(block),
    from: block.y + block.height,
    to: y,
    fate: block.chips.map((chip) => chip.fate).reduce(worseOf, 'unchanged'),
  }));
  return { mesh, label, sessions: all.length, segments, stubs, x: middle - width / 2, y, width, height: BAR_HEIGHT };
}
