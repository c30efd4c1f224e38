import { describe, expect, it } from 'vitest';
import { isSameMoment } from '../../src/bird/same-moment.ts';

describe('isSameMoment', () => {
  it.each([
    ['2026-11-22 00:50:59', '2026-11-22 00:50:59', true],
    ['2026-11-22 00:50:59', '2026-11-22 00:51:01', true],
    ['2026-11-22 00:50:59', '2026-11-22 00:51:02', false],
    ['2026-12-31 23:59:59', '2027-01-01 00:00:01', true],
    ['2026-11-22 00:50:59', '2026-11-23 00:50:59', false],
    ['31-12-2026 23:59:59', '01-01-2027 00:00:00', true],
    ['22-11-2026 00:50:59', '22-12-2026 00:50:59', false],
    ['00:50:59', '00:51:00', true],
    ['23:59:59', '00:00:01', true],
    ['00:50:59', '00:51:02', false],
    ['00:50', '00:51', true],
    ['23:59', '00:00', true],
    ['00:50', '00:52', false],
    // After most of a day `iso short` tells the day instead, and a day says too little.
    ['00:50:59', '2026-11-22', false],
    ['2026-11-22', '2026-11-22', true],
    ['2026-11-22', '2026-11-23', false],
    ['at 1795308920 s', 'at 1795308920 s', true],
    ['at 1795308920 s', 'at 1795308921 s', false],
  ])('%s, %s: %s', (a, b, same) => {
    expect(isSameMoment(a, b)).toBe(same);
    expect(isSameMoment(b, a)).toBe(same);
  });
});
