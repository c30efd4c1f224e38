import { describe, expect, it } from 'vitest';
import { crash } from '../crash/crash.ts';

const SEED = 20261122;
const KILLS = 10;

describe('birdconfd killed at any instant', () => {
  it.each(['single', 'calico'] as const)('leaves whole files, and goes on from there: layout %s', async (layout) => {
    const report = await crash({ layout, kills: KILLS, seed: SEED });
    console.log(JSON.stringify({ layout, seed: SEED, ...report }));
    expect(report.violations).toEqual([]);
    expect(report.kills).toBe(KILLS);
    expect(report.settled).toBe(3);
  });
});
