import { describe, expect, it } from 'vitest';
import { graphOf } from '../../src/topology/graph.ts';
import { pictureOf } from '../../src/topology/picture.ts';
import type { Speaker } from '../../src/topology/speaker.ts';
import { svgOf } from '../../src/topology/svg.ts';
import { mesh, racks, session, speaker } from './speakers.ts';

const draw = (speakers: readonly Speaker[]) =>
  svgOf(graphOf(speakers), { title: 'topology', id: 'one', isAlone: true, isComparison: true });
const sum = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].reduce((all, [, n]) => all + Number(n), 0);
const drawnSessions = (svg: string) => sum(svg, /data-sessions="(\d+)"/g);
const chips = (svg: string) => svg.match(/class="chip /g)?.length;

const irregular = Array.from({ length: 300 }, (_, i) =>
  speaker(
    i + 1,
    [7, 13, 29].map((k) => session('Node', `192.0.2.${((i * k) % 40) + 1}`, { asNumber: 64500 + ((i * k) % 3) })),
  ),
);

describe.each([
  ['3 nodes in a mesh', mesh(3)],
  ['30 nodes in a mesh', mesh(30)],
  ['300 nodes in a mesh', mesh(300)],
  ['33 nodes with reflectors', racks(30)],
  ['303 nodes in 30 racks', racks(300)],
  ['300 nodes that resemble nobody', irregular],
] as const)('the picture of %s', (_, speakers) => {
  const graph = graphOf(speakers);
  const svg = draw(speakers);

  it('has every session and every vertex once', () => {
    expect(drawnSessions(svg)).toBe(graph.links.flatMap(({ sessions }) => sessions).length);
    expect(chips(svg)).toBe(graph.vertices.length);
  });

  it('has fewer lines than a hairball', () => {
    expect(pictureOf(graph).lines.length).toBeLessThanOrEqual(100);
  });

  it('has nothing upon something else, and all of it inside', () => {
    const { blocks, boxes, width, bottom } = pictureOf(graph);
    for (const all of [blocks, boxes]) {
      for (const [i, a] of all.entries()) {
        expect(a.x >= 0 && a.x + a.width <= width && a.y + a.height <= bottom).toBe(true);
        const upon = all
          .slice(i + 1)
          .filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height);
        expect(upon).toEqual([]);
      }
    }
  });

  it.runIf(graph.links.length < 10_000)('is the same whatever the order of the data', () => {
    expect(draw([...speakers].reverse())).toBe(svg);
  });
});

it('shows every session of a small mesh as an arc, and a large one as a bar', () => {
  const of = (count: number) => pictureOf(graphOf(mesh(count)));
  expect([of(8).lines.length, of(8).bars.length]).toEqual([28, 0]);
  expect([of(9).lines.length, of(9).bars.map(({ label }) => label)]).toEqual([0, ['full mesh of 9 · 36 sessions']]);
});

it('divides the bar of a mesh by what happens to its sessions, and marks the node that it happens to', () => {
  const svg = draw(mesh(30, (a, b) => (a === 7 || b === 7 ? 'restarted' : 'unchanged')));
  expect(sum(svg, /class="link restarted" data-sessions="(\d+)"/g)).toBe(29);
  expect(sum(svg, /class="link unchanged" data-sessions="(\d+)"/g)).toBe(406);
  expect(svg.match(/class="chip node restarted" data-name="node-7"/g)).toHaveLength(1);
  expect(svg.match(/class="chip node restarted"/g)).toHaveLength(1);
});

it('shows hostile names as the text that they are', () => {
  const name = '"><script>alert(1)</script>\u0000\u202e';
  const svg = draw([{ ...speaker(1, [session('Global', name)]), name }]);
  expect(svg).not.toContain('<script');
  expect(svg).not.toMatch(/[\u0000\u202e]/);
  expect(svg).toContain('data-name="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\ufffd\\u202e"');
});
