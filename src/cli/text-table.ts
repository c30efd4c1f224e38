import { styleText } from 'node:util';
import { printable } from '../core/diagnostic.ts';

export type Colour = 'green' | 'yellow' | 'red';

/** A text and, for a terminal, its colour. */
export interface Cell {
  readonly text: string;
  readonly colour: Colour | null;
}

export const plain = (text: string): Cell => ({ text, colour: null });

/** The cell's text, made safe for a terminal; coloured only where `colour` says that it is one. */
export const paint = (cell: Cell, colour: boolean, width = 0): string => {
  const text = printable(cell.text).padEnd(width);
  return colour && cell.colour ? styleText(cell.colour, text, { validateStream: false }) : text;
};

/** A table in a frame of `+-|`, as calicoctl draws them: heads in the middle, cells to the left; a line each, all ending in \n. */
export function textTable(heads: readonly string[], rows: readonly (readonly Cell[])[], colour: boolean): string {
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...rows.map((row) => printable(row[i]?.text ?? '').length)),
  );
  const centred = (text: string, width: number) =>
    text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`;
  const head = line(heads.map((text, i) => centred(text, widths[i] ?? 0)));
  const body = rows.map((row) => line(widths.map((width, i) => paint(row[i] ?? plain(''), colour, width))));
  return [rule, head, rule, ...body, rule].join('');
}
