import { describe, expect, it } from 'vitest';
import { graphOf } from '../../src/topology/graph.ts';
import { summaryOf } from '../../src/topology/summary.ts';
import { addressOf, mesh, racks, session, speaker } from './speakers.ts';

describe('graphOf', () => {
  it('takes the two ends of a session for one', () => {
    const { vertices, links } = graphOf(mesh(3));
    expect(vertices.map(({ name }) => name)).toEqual(['node-1', 'node-2', 'node-3']);
    expect(links.map(({ a, b, isMesh }) => [a.name, b.name, isMesh])).toEqual([
      ['node-1', 'node-2', true],
      ['node-1', 'node-3', true],
      ['node-2', 'node-3', true],
    ]);
    expect(links[0]?.sessions).toEqual([
      { family: 4, names: ['Mesh_10_0_0_2', 'Mesh_10_0_0_1'], fate: 'unchanged', isOneSided: false },
    ]);
  });

  it('tells a session that only one of two known ends has', () => {
    const { links } = graphOf([speaker(1, [session('Node', addressOf(2))]), speaker(2, [])]);
    expect(links.map(({ sessions }) => sessions.map(({ isOneSided }) => isOneSided))).toEqual([[true]]);
  });

  it('knows an external peer by address, port and AS', () => {
    const at = (asNumber: number, port: number) => session('Global', '192.0.2.1', { asNumber, port });
    const { vertices } = graphOf([
      speaker(1, [at(64500, 0)]),
      speaker(2, [at(64500, 179)]),
      speaker(3, [at(64501, 0)]),
      speaker(4, [at(64500, 1179)]),
    ]);
    const peers = vertices.filter(({ kind }) => kind === 'peer');
    expect(peers.map(({ name, asNumber }) => [name, asNumber])).toEqual([
      ['192.0.2.1', 64500],
      ['192.0.2.1', 64501],
      ['192.0.2.1 port 1179', 64500],
    ]);
  });

  it('gives a session the worse of its ends’ fates', () => {
    const one = speaker(1, [session('Node', addressOf(2), { fate: 'refiltered' })]);
    const other = speaker(2, [session('Node', addressOf(1), { fate: 'restarted' })]);
    expect(graphOf([one, other]).links.map(({ fate }) => fate)).toEqual(['restarted']);
  });

  it('finds the reflectors, and says all of it in a sentence', () => {
    expect(summaryOf(graphOf(racks(30)))).toBe('33 nodes, 3 route reflectors, 3 external peers, 4 AS, 123 sessions');
    const changed = mesh(3, (a, b) => (a + b === 3 ? 'restarted' : 'unchanged'));
    expect(summaryOf(graphOf(changed))).toBe('3 nodes, 1 AS, 3 sessions: 1 restarted');
  });
});
