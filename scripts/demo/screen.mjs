// What the demo prints: coloured, and with a line of progress that overwrites itself, only where somebody looks at a terminal.
import { spawnSync } from 'node:child_process';
import { styleText } from 'node:util';

const out = process.stdout;
const isTerminal = out.isTTY === true;
const isColoured = isTerminal && !process.env.NO_COLOR;

export const paint = (style, text) => (isColoured ? styleText(style, text) : text);

/** A line of text; progress above it goes. */
export function say(text = '') {
  clearProgress();
  out.write(`${text}\n`);
}

export const heading = (text) => say(`\n${paint('bold', text)}`);

let shown = '';

/** Replaces the line of progress. Without a terminal nothing is printed: its reader wants results. */
export function progress(text) {
  if (!isTerminal || text === shown) return;
  clearProgress();
  shown = text;
  out.write(paint('dim', text.slice(0, (out.columns || 80) - 1)));
}

function clearProgress() {
  if (shown === '') return;
  out.write('\r\x1b[K');
  shown = '';
}

/** Rows of texts in columns. `style(row)` may give a row's colour. */
export function table(header, rows, style = () => null) {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells) => `  ${cells.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd();
  say(paint('dim', line(header)));
  for (const row of rows) {
    const colour = style(row);
    say(colour ? paint(colour, line(row)) : line(row));
  }
}

/** The lines in which two files differ, each with one line around it; `name` stands above them. */
export function showDiff(name, before, after) {
  const { stdout } = spawnSync('diff', ['-U1', before, after], { encoding: 'utf8' });
  say(paint('dim', `  ${name}`));
  const colours = { '+': 'green', '-': 'red', '@': 'cyan' };
  for (const line of stdout.split('\n').slice(2, -1)) {
    const colour = colours[line[0]];
    say(colour ? paint(colour, `  ${line}`) : `  ${line}`);
  }
}
