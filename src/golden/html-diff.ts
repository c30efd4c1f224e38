import { printable } from '../core/diagnostic.ts';
import { markup } from '../core/markup.ts';
import type { FileReport, HarnessReport } from './report.ts';
import { type Cell, type DiffRow, sideBySide } from './side-by-side.ts';

/** More rows of one file nobody reads in a browser. */
const MAX_ROWS = 600;

function cells(cell: Cell | null, isChanged: boolean, side: 'minus' | 'plus'): string {
  if (!cell) return '<td class="n"></td><td></td>';
  const tag = side === 'minus' ? 'del' : 'ins';
  const text = cell.pieces.map((piece) => {
    const shown = markup(printable(piece.text));
    return piece.isMarked ? `<${tag}>${shown}</${tag}>` : shown;
  });
  return `<td class="n">${cell.line}</td><td${isChanged ? ` class="${side}"` : ''}>${text.join('')}</td>`;
}

function rowOf(row: DiffRow): string {
  if (row.kind === 'skipped') return `<tr class="gap"><td colspan="4">… ${row.lines} lines …</td></tr>`;
  const isChanged = row.kind === 'changed';
  return `<tr>${cells(row.before, isChanged, 'minus')}${cells(row.after, isChanged, 'plus')}</tr>`;
}

/** The two texts of a file beside each other, as a table; control characters are shown as their codes, everything is escaped. */
export function htmlDiff(file: FileReport, sides: HarnessReport['sides']): string {
  const rows = sideBySide(file.before, file.after, MAX_ROWS);
  const head = [sides.before, sides.after].map((side) => `<th scope="col" colspan="2">${markup(side)}</th>`).join('');
  const note =
    file.status === 'failed' && file.statements.length === 0
      ? ' <span class="faint">only comments or layout differ</span>'
      : '';
  const widths = '<colgroup><col class="n"><col><col class="n"><col></colgroup>';
  return `<div class="scroll" tabindex="0" role="region" aria-label="${markup(file.path)}"><table class="diff"><caption><code>${markup(file.path)}</code>${note}</caption>${widths}<thead><tr>${head}</tr></thead><tbody>${rows.map(rowOf).join('\n')}</tbody></table></div>`;
}
