import { markup } from '../core/markup.ts';
import type { Bar } from './bars.ts';
import type { Chip } from './block.ts';
import type { Graph, Link, LinkSession } from './graph.ts';
import { legendOf } from './legend.ts';
import type { Line } from './lines.ts';
import { pictureOf } from './picture.ts';
import type { PlacedBlock, PlacedBox } from './place.ts';
import { PICTURE_STYLE } from './style.ts';
import { summaryOf } from './summary.ts';

const number = (value: number): string => String(Math.round(value * 10) / 10);

const rectangle = (x: number, y: number, width: number, height: number, radius: number, more = ''): string =>
  `<rect x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}" rx="${radius}"${more}/>`;

const text = (x: number, y: number, words: string, kind = ''): string =>
  `<text x="${number(x)}" y="${number(y)}"${kind && ` class="${kind}"`}>${markup(words)}</text>`;

const MOST_TOLD = 12;

function toldSession({ a, b }: Link, { names, fate, isOneSided }: LinkSession): string {
  const what = [fate === 'unchanged' ? '' : fate, isOneSided ? 'on one side only' : ''].filter(Boolean).join(', ');
  return `${a.name} – ${b.name}: ${names.join(' / ')}${what && ` (${what})`}`;
}

/** What a pointer over a line shows: its sessions, those that change first. */
function aboutLinks(links: readonly Link[]): string {
  const all = links.flatMap((link) => link.sessions.map((session) => ({ link, session })));
  const calm = ({ session }: { session: LinkSession }) => (session.fate === 'unchanged' ? 1 : 0);
  const told = [...all].sort((one, other) => calm(one) - calm(other)).slice(0, MOST_TOLD);
  const lines = told.map(({ link, session }) => toldSession(link, session));
  return [...lines, ...(all.length > MOST_TOLD ? [`… and ${all.length - MOST_TOLD} more`] : [])].join('\n');
}

function drawBox({ box, x, y, width, height }: PlacedBox): string {
  const frame = rectangle(x, y, width, height, 12);
  return `<g class="as" data-as="${markup(box.label)}">${frame}${text(x + 14, y + 21, box.label)}</g>`;
}

function drawChip({ vertex, label, x, y, width, height, fate, worst, sessions }: Chip): string {
  const kind = vertex.clusterId === null ? vertex.kind : 'reflector';
  const radius = label === null ? 3 : vertex.kind === 'node' ? 9 : 2;
  const as = vertex.asNumber === null ? 'AS unknown' : `AS ${vertex.asNumber}`;
  const role = vertex.clusterId === null ? [] : [`route reflector ${vertex.clusterId}`];
  const about = [vertex.name, as, ...vertex.addresses, ...role, `${sessions} sessions`].join('\n');
  const isHidden = worst !== 'unchanged' && worst !== fate;
  const mark = isHidden ? `<circle class="${worst}" cx="${number(x + width - 2)}" cy="${number(y + 2)}" r="3.5"/>` : '';
  const left = x + (kind === 'reflector' ? 34 : 11);
  const badge = label !== null && kind === 'reflector' ? text(x + 11, y + height / 2 + 4, 'RR', 'badge') : '';
  const name = label === null ? '' : text(left, y + height / 2 + 4, label);
  const classes = `chip ${kind}${fate === 'unchanged' ? '' : ` ${fate}`}`;
  return `<g class="${classes}" data-name="${markup(vertex.name)}"><title>${markup(about)}</title>${rectangle(x, y, width, height, radius)}${badge}${name}${mark}</g>`;
}

function drawBlock({ x, y, width, height, title, hidden, chips }: PlacedBlock): string {
  const frame =
    title === null
      ? ''
      : `<g class="group"${hidden > 0 ? ` data-sessions="${hidden}"` : ''}>${rectangle(0, 0, width, height, 9)}${text(12, 22, title, 'faint')}</g>`;
  return `<g transform="translate(${number(x)} ${number(y)})">${frame}${chips.map(drawChip).join('')}</g>`;
}

function drawLine({ path, fate, links, sessions, isOneSided }: Line): string {
  const classes = `link ${fate}${isOneSided ? ' onesided' : ''}`;
  return `<path class="${classes}" data-sessions="${sessions}" d="${path}"><title>${markup(aboutLinks(links))}</title></path>`;
}

/** A changed line's number says so by a sign as well. */
function drawNumber({ label, fate }: Line): string {
  if (!label) return '';
  const width = label.text.length * 6.6 + 12;
  const plate = rectangle(label.x - width / 2, label.y - 9, width, 18, 9);
  return `<g class="number ${fate}">${plate}${text(label.x, label.y + 4, label.text)}</g>`;
}

function drawBar({ mesh, label, segments, stubs, x, y, width, height }: Bar): string {
  const down = stubs.map(
    (stub) => `<path class="link ${stub.fate}" d="M${number(stub.x)} ${number(stub.from)}V${number(stub.to)}"/>`,
  );
  const parts = segments.map(
    (segment) =>
      `<rect class="link ${segment.fate}" data-sessions="${segment.sessions}" x="${number(segment.x)}" y="${number(y)}" width="${number(segment.width)}" height="${height}"><title>${segment.sessions} ${segment.fate}</title></rect>`,
  );
  const changed = segments
    .filter(({ fate }) => fate !== 'unchanged')
    .map(({ fate, sessions }) => `${sessions.toLocaleString('en')} ${fate}`);
  const words = [label, ...changed].join(' · ');
  const name = text(x + width / 2, y + height / 2 + 4, words, 'middle');
  return `<g>${down.join('')}</g><g class="bar" data-members="${mesh.members.length}">${parts.join('')}${name}</g>`;
}

/** What stands over the picture; `id` tells its title from those of other pictures on the page. */
export interface SvgOptions {
  readonly title: string;
  readonly id: string;
  /** False inside a page that has PICTURE_STYLE. */
  readonly isAlone: boolean;
  /** Sessions are told by their fate, and the legend explains it. */
  readonly isComparison: boolean;
}

/**
 * A graph as one SVG, without scripts and without anything to load. Every session is counted by `data-sessions` of exactly one element
 * of class `link`, or of the group inside which it is; every vertex is one of class `chip`. Names are escaped.
 */
export function svgOf(graph: Graph, { title, id, isAlone, isComparison }: SvgOptions): string {
  const picture = pictureOf(graph);
  const { width, height, boxes, blocks, lines, bars, bottom } = picture;
  const summary = summaryOf(graph);
  const size = `viewBox="0 0 ${number(width)} ${number(height)}" width="${number(width)}" height="${number(height)}"`;
  const about = `role="img" aria-labelledby="${markup(id)}-title ${markup(id)}-about"`;
  // Those that nothing happens to lie below those that something happens to.
  const ordered = [...lines].sort((a, b) => Number(a.fate !== 'unchanged') - Number(b.fate !== 'unchanged'));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="bgp" ${size} ${about}>`,
    `<title id="${markup(id)}-title">${markup(title)}</title><desc id="${markup(id)}-about">${markup(summary)}</desc>`,
    isAlone ? `<style>${PICTURE_STYLE}</style>${rectangle(0, 0, width, height, 0, ' style="fill: var(--paper)"')}` : '',
    `${text(22, 30, title, 'head')}${text(22, 50, summary, 'faint')}`,
    boxes.map(drawBox).join('\n'),
    ordered.map(drawLine).join('\n'),
    bars.map(drawBar).join('\n'),
    blocks.map(drawBlock).join('\n'),
    ordered.map(drawNumber).join(''),
    legendOf({ isComparison, y: bottom + 10 }),
    '</svg>\n',
  ].join('\n');
}
