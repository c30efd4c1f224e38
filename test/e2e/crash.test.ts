import { describe, expect, it } from 'vitest';
import { crash } from '../crash/crash.ts';

const SEED = 20261122;
const KILLS = 10;

describe('birdconfd killed at any instant', () => {
  it.each(['single', 'calico'] as const)(
    'leaves whole files, and goes on from there: layout %s',
    async (layout) => {
      const { violations, ...figures } = await crash({ layout, kills: KILLS, seed: SEED });
      console.log(`${layout}, seed ${SEED}: ${JSON.stringify(figures)}`);
      expect(violations).toEqual([]);
      // At the start, after six kills, and at the end.
      expect(figures).toMatchObject({ kills: KILLS, settled: 3 });
      expect(figures.generations).toBeGreaterThan(KILLS / 2);
      // A test that only ever kills it at rest would prove nothing.
      expect(figures.states.idle ?? 0).toBeLessThan(KILLS);
    },
    240_000,
  );
});
