import { describe, expect, it } from 'vitest';
import { isSameTime, parseProtocols, parseRoutes } from '../../scripts/lab/tables.mjs';

describe('parseProtocols', () => {
  it('reads the rows and skips the heading and the end', () => {
    const lines = [
      'name     proto    table    state  since       info',
      'device1  Device   master   up     22:02:12    ',
      'Mesh_10_0_0_2 BGP      master   up     22:02:15    Established   ',
      'Global_10_0_0_9 BGP      master   start  2026-11-20  Active        Socket: Connection refused',
      '',
    ];
    expect(parseProtocols(lines)).toEqual([
      { name: 'device1', proto: 'Device', state: 'up', since: '22:02:12', info: '' },
      { name: 'Mesh_10_0_0_2', proto: 'BGP', state: 'up', since: '22:02:15', info: 'Established' },
      {
        name: 'Global_10_0_0_9',
        proto: 'BGP',
        state: 'start',
        since: '2026-11-20',
        info: 'Active        Socket: Connection refused',
      },
    ]);
  });
});

describe('parseRoutes', () => {
  it('reads where each route leads, also the second one to a prefix', () => {
    const lines = [
      '10.48.1.0/26       via 10.0.0.1 on eth0 [Mesh_10_0_0_1 22:02:15 from 10.0.0.1] * (100/0) [i]',
      '                   via 10.0.0.9 on eth0 [Global_10_0_0_9 22:02:16] (100) [AS64999i]',
      '10.48.2.0/26       blackhole [static1 22:02:12] * (200)',
      '10.0.0.0/24        dev eth0 [direct1 22:02:12] * (240)',
      '',
    ];
    expect(parseRoutes(lines)).toEqual([
      { prefix: '10.48.1.0/26', via: 'via 10.0.0.1 on eth0', protocol: 'Mesh_10_0_0_1' },
      { prefix: '10.48.1.0/26', via: 'via 10.0.0.9 on eth0', protocol: 'Global_10_0_0_9' },
      { prefix: '10.48.2.0/26', via: 'blackhole', protocol: 'static1' },
      { prefix: '10.0.0.0/24', via: 'dev eth0', protocol: 'direct1' },
    ]);
  });
});

describe('isSameTime', () => {
  it.each([
    ['22:54:13', '22:54:13', true],
    ['22:54:14', '22:54:13', true],
    ['22:54:59', '22:55:00', true],
    ['23:59:59', '00:00:00', true],
    ['22:54:13', '22:54:15', false],
    ['22:54:13', '2026-11-20', false],
    ['2026-11-20', '2026-11-20', true],
    ['2026-11-20', '2026-11-21', false],
  ])('%s and %s: %s', (a, b, same) => {
    expect(isSameTime(a, b)).toBe(same);
    expect(isSameTime(b, a)).toBe(same);
  });
});
