import { describe, expect, it } from 'vitest';
import { NEWEST, parseRelease, rulesOf } from '../../src/datamodel/release.ts';

describe('parseRelease', () => {
  it.each([
    ['v3.31.7', 31, 7],
    ['3.31', 31, 0],
    ['v3.26.0', 26, 0],
    ['v3.30.7-dirty', 30, 7],
    ['v3.31.0-0.dev-12-g0123456789ab', 31, 0],
    ['v3.33.0-0.dev-1478-g0123456789ab', 33, 0],
    ['v3.34.0-0.dev-67-g87c15906f2ab-dirty', 33, 0],
    ['v3.35.0-0.dev-1-g87c15906f2ab', 33, 0],
    ['v3.99.1', 33, 0],
  ])('reads %s as 3.%d.%d', (text, minor, patch) => {
    expect(parseRelease(text)).toEqual({ minor, patch });
  });

  it.each([
    '',
    'v3',
    'v3.25.9',
    'v2.6.12',
    'v4.0.0',
    '87c15906f2ab',
    '<unknown>',
    '3.x',
    'v3.31.7 ',
    'v3.31.7.1',
    'v-3.31',
  ])('finds no release in %j', (text) => {
    expect(parseRelease(text)).toBeNull();
  });
});

describe('rulesOf', () => {
  const newest = {
    routePriorities: true,
    programming: 'by-word',
    meshAsNumber: 'own',
    meshAlwaysInternal: false,
    hidesTunnelRoutes: true,
    wireguardRejects: true,
    reflectsExternalRanges: true,
    clusterIpsAlways: true,
  };
  const older = {
    ...newest,
    programming: 'unless-disabled',
    hidesTunnelRoutes: false,
    wireguardRejects: false,
    reflectsExternalRanges: false,
    clusterIpsAlways: false,
  };
  const oldest = {
    ...older,
    routePriorities: false,
    programming: 'always',
    meshAsNumber: 'cluster',
    meshAlwaysInternal: true,
  };

  it('is one table: up to 3.31, 3.32, from 3.33 on', () => {
    expect(rulesOf(NEWEST)).toEqual(newest);
    expect(rulesOf({ minor: 33, patch: 0 })).toEqual(newest);
    expect(rulesOf({ minor: 32, patch: 1 })).toEqual(older);
    for (const minor of [26, 28, 30, 31]) expect(rulesOf({ minor, patch: 9 })).toEqual(oldest);
  });
});
