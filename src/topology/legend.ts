import { FATES } from './speaker.ts';

const LETTER = 6.8;
const LEFT = 22;

const swatch = (classes: string, x: number, y: number): string => `<path class="link ${classes}" d="M${x} ${y}h26"/>`;

/** What the strokes and shapes mean, in two lines of 22 pixels. */
export function legendOf({ isComparison, y }: { readonly isComparison: boolean; readonly y: number }): string {
  const words = (fate: string) => (fate === 'refiltered' ? 're-filtered' : fate);
  const fates = isComparison ? FATES.map((fate) => ({ classes: fate, text: words(fate) })) : [];
  const rows = [
    ...(isComparison ? fates : [{ classes: 'unchanged', text: 'session' }]),
    { classes: 'onesided', text: 'on one side only' },
  ];
  let x = LEFT;
  const drawn = rows.map(({ classes, text }) => {
    const part = `${swatch(classes, x, y + 8)}<text x="${x + 34}" y="${y + 12}">${text}</text>`;
    x += 34 + text.length * LETTER + 24;
    return part;
  });
  x = LEFT;
  const below = y + 22;
  const shapes = [
    { kind: 'node', radius: 6, text: 'node' },
    { kind: 'reflector', radius: 6, text: 'route reflector' },
    { kind: 'peer', radius: 2, text: 'external peer' },
  ].map(({ kind, radius, text }) => {
    const part = `<g class="key ${kind}"><rect x="${x}" y="${below}" width="18" height="16" rx="${radius}"/><text x="${x + 26}" y="${below + 12}">${text}</text></g>`;
    x += 26 + text.length * LETTER + 24;
    return part;
  });
  return `<g class="legend">${[...drawn, ...shapes].join('')}</g>`;
}
