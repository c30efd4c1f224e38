import type { Fate, Speaker, SpokenSession } from '../../src/topology/speaker.ts';

export const session = (
  kind: 'Mesh' | 'Node' | 'Global',
  neighbor: string,
  more: Partial<SpokenSession> = {},
): SpokenSession => ({
  name: `${kind}_${neighbor.replaceAll('.', '_')}`,
  family: 4,
  neighbor,
  port: 0,
  asNumber: 64512,
  clusterId: null,
  fate: 'unchanged',
  ...more,
});

export const addressOf = (i: number): string => `10.0.${i >> 8}.${i & 255}`;

/** Node `node-<i>` at `addressOf(i)`, AS 64512. */
export const speaker = (i: number, sessions: readonly SpokenSession[]): Speaker => ({
  name: `node-${i}`,
  asNumber: 64512,
  addresses: [addressOf(i)],
  sessions,
});

const indexes = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);

/** Everyone with everyone; `fateOf` says what happens to the session of two. */
export const mesh = (count: number, fateOf: (a: number, b: number) => Fate = () => 'unchanged'): readonly Speaker[] =>
  indexes(count).map((i) => {
    const others = indexes(count).filter((other) => other !== i);
    return speaker(
      i,
      others.map((other) => session('Mesh', addressOf(other), { fate: fateOf(i, other) })),
    );
  });

/** Three reflectors, each other's neighbors, and `count` clients in racks of ten, each rack with a router of its own AS. */
export function racks(count: number): readonly Speaker[] {
  const reflectors = [901, 902, 903];
  const clients = indexes(count);
  return [
    ...reflectors.map((i) =>
      speaker(i, [
        ...reflectors.filter((other) => other !== i).map((other) => session('Node', addressOf(other))),
        ...clients.map((client) => session('Node', addressOf(client), { clusterId: '244.0.0.1' })),
      ]),
    ),
    ...clients.map((i) => {
      const rack = Math.ceil(i / 10);
      const router = session('Node', `192.0.2.${rack}`, { asNumber: 64600 + rack });
      return speaker(i, [...reflectors.map((other) => session('Node', addressOf(other))), router]);
    }),
  ];
}
