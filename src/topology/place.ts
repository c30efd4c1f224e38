import type { AsBox } from './as-boxes.ts';
import type { Block, Rectangle } from './block.ts';
import { ROWS, type Row } from './groups.ts';

/** A block with its place in the picture. */
export interface PlacedBlock extends Block {
  readonly x: number;
  readonly y: number;
}

export interface PlacedBox extends Rectangle {
  readonly box: AsBox;
}

/** Room that lines need: arcs below a row, bars of meshes below the nodes. */
export interface Room {
  readonly arcs: ReadonlyMap<Row, number>;
  readonly bars: number;
}

export interface Placement {
  readonly blocks: readonly PlacedBlock[];
  readonly boxes: readonly PlacedBox[];
  readonly width: number;
  /** Below everything. */
  readonly bottom: number;
}

const BLOCK_GAP = 24;
const BOX_GAP = 20;
const BOX_PADDING = 18;
const BOX_LABEL = 34;
const ROW_GAP = 64;
const TIER_GAP = 90;

interface Column {
  readonly box: AsBox;
  readonly rows: ReadonlyMap<Row, readonly Block[]>;
  readonly width: number;
}

const widthOf = (blocks: readonly Block[]): number =>
  blocks.reduce((sum, { width }) => sum + width, 0) + BLOCK_GAP * Math.max(0, blocks.length - 1);

function columnOf(box: AsBox, blocks: readonly Block[]): Column {
  const rows = new Map(ROWS.map((row) => [row, blocks.filter(({ group }) => group.row === row)] as const));
  const label = box.label.length * 8 + 20;
  const width = Math.max(label, ...[...rows.values()].map(widthOf)) + 2 * BOX_PADDING;
  return { box, rows, width: Math.ceil(width) };
}

/** Left edges, so that each column is near its wish, none overlap, and their order is that of the wishes. */
function spread(columns: readonly Column[], wishOf: (column: Column) => number): ReadonlyMap<Column, number> {
  const wished = columns.map((column) => ({ column, left: wishOf(column) - column.width / 2 }));
  wished.sort((a, b) => a.left - b.left);
  const placed = new Map<Column, number>();
  let free = Number.NEGATIVE_INFINITY;
  for (const { column, left } of wished) {
    placed.set(column, Math.max(left, free));
    free = placed.get(column)! + column.width + BOX_GAP;
  }
  const shift = wished.reduce((sum, { column, left }) => sum + left - placed.get(column)!, 0) / (wished.length || 1);
  return new Map([...placed].map(([column, left]) => [column, left + shift]));
}

/** Top edges of the rows that are used, and what is below the last. */
function rowTops(blocks: readonly Block[], top: number, { arcs, bars }: Room) {
  const tops = new Map<Row, number>();
  let y = top;
  let last: Row | null = null;
  for (const row of ROWS) {
    const heights = blocks.filter(({ group }) => group.row === row).map(({ height }) => height);
    if (heights.length === 0) continue;
    const sameTier = last !== null && last !== 'outer' && row !== 'workloads';
    y += last === null ? BOX_LABEL : sameTier ? ROW_GAP : TIER_GAP + BOX_LABEL;
    tops.set(row, y);
    y += Math.max(...heights) + (arcs.get(row) ?? 0) + (row === 'nodes' ? bars : 0);
    last = row;
  }
  return { tops, bottom: y + BOX_PADDING };
}

/**
 * Rows from above to below (see ROWS), boxes side by side, wide enough for their widest row. The routers around the cluster, and the
 * workloads, stand as near as they can to whom `wishOf` says they belong to: a middle in pixels out of the blocks that are placed.
 */
export function place(
  boxes: readonly AsBox[],
  blocks: readonly Block[],
  { top, minWidth }: { readonly top: number; readonly minWidth: number },
  room: Room,
  wishOf: (box: AsBox, placed: readonly PlacedBlock[]) => number,
): Placement {
  const columns = boxes.map((box) =>
    columnOf(
      box,
      blocks.filter(({ group }) => group.box === box),
    ),
  );
  const { tops, bottom } = rowTops(blocks, top, room);
  const placedBlocks: PlacedBlock[] = [];
  const lefts = new Map<Column, number>();
  const settle = (column: Column, left: number) => {
    lefts.set(column, left);
    for (const [row, ofRow] of column.rows) {
      let x = left + (column.width - widthOf(ofRow)) / 2;
      const height = Math.max(0, ...blocks.filter(({ group }) => group.row === row).map((block) => block.height));
      for (const block of ofRow) {
        // Those with a common partner above hang at one height, those below stand on one.
        const drop = row === 'outer' || row === 'routers' || row === 'reflectors' ? height - block.height : 0;
        placedBlocks.push({ ...block, x, y: (tops.get(row) ?? 0) + drop });
        x += block.width + BLOCK_GAP;
      }
    }
  };
  let left = 0;
  for (const column of columns.filter(({ box }) => box.tier === 'inner')) {
    settle(column, left);
    left += column.width + BOX_GAP;
  }
  const inner = [...placedBlocks];
  for (const tier of ['outer', 'workload'] as const) {
    const ofTier = columns.filter(({ box }) => box.tier === tier);
    for (const [column, x] of spread(ofTier, ({ box }) => wishOf(box, inner))) settle(column, x);
  }
  const edges = [...lefts].flatMap(([{ width }, x]) => [x, x + width]);
  const [min, max] = [Math.min(...edges), Math.max(...edges)];
  const shift = Math.max(BOX_PADDING, (minWidth - (max - min)) / 2) - min;
  const moved = placedBlocks.map((block) => ({ ...block, x: block.x + shift }));
  return {
    blocks: moved,
    boxes: columns.map((column) => frameOf(column, (lefts.get(column) ?? 0) + shift, moved, room)),
    width: Math.max(max - min + 2 * BOX_PADDING, minWidth),
    bottom,
  };
}

function frameOf({ box, width }: Column, x: number, placed: readonly PlacedBlock[], { arcs, bars }: Room): PlacedBox {
  const own = placed.filter(({ group }) => group.box === box);
  const y = Math.min(...own.map((block) => block.y)) - BOX_LABEL;
  const ends = own.map(({ group, y: from, height }) => {
    const below = (arcs.get(group.row) ?? 0) + (group.row === 'nodes' ? bars : 0);
    return from + height + below;
  });
  return { box, x, y, width, height: Math.max(...ends) + BOX_PADDING - y };
}
