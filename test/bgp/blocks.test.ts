import { describe, expect, it } from 'vitest';
import { affinityKey } from '../../src/core/keys.ts';
import { block, node } from '../support/cluster.ts';
import { build } from './build.ts';

const A = node('a', '192.0.2.1/24');

describe('blocks', () => {
  it.each([
    ['198.51.100.0/26', 'confirmed', { blackhole: true, aggregated: true }],
    ['198.51.100.0/26', '', { blackhole: true, aggregated: true }],
    ['198.51.100.0/26', 'pendingDeletion', { blackhole: true, aggregated: false }],
    ['198.51.100.1/32', 'confirmed', { blackhole: false, aggregated: true }],
    ['198.51.100.1/32', 'pendingDeletion', { blackhole: false, aggregated: false }],
    ['2001:db8:1::/122', 'confirmed', { blackhole: true, aggregated: true }],
    ['2001:db8:1::1/128', 'confirmed', { blackhole: false, aggregated: true }],
    ['2001:db8:1::/32', 'confirmed', { blackhole: true, aggregated: true }],
  ])('%s in state %j', (cidr, state, expected) => {
    const { v4, v6 } = build('a', [A, block('a', cidr, state)]);
    const [here, other] = cidr.includes(':') ? [v6, v4] : [v4, v6];
    expect(here.blocks).toEqual([
      { ...expected, cidr: cidr.replace(':1::/32', '::/32'), origins: [affinityKey('a', cidr)] },
    ]);
    expect(other.blocks).toEqual([]);
  });

  it('that are pending are not there, nor other nodes’', () => {
    const entries = [
      A,
      block('a', '198.51.100.0/26', 'pending'),
      block('b', '198.51.100.64/26'),
      block('aa', '198.51.100.128/26'),
    ];
    expect(build('a', entries).v4.blocks).toEqual([]);
  });

  it('stand in the order of their keys’ text (spec 4.2)', () => {
    const cidrs = ['192.168.221.64/26', '10.3.0.0/26', '192.168.221.192/26', '10.2.0.1/32', '10.10.0.0/26'];
    const { v4 } = build('a', [A, ...cidrs.map((cidr) => block('a', cidr))]);
    const expected = ['10.10.0.0/26', '10.2.0.1/32', '10.3.0.0/26', '192.168.221.192/26', '192.168.221.64/26'];
    expect(v4.blocks.map(({ cidr }) => cidr)).toEqual(expected);
    const twice = [block('a', '198.51.100.7/26', 'pendingDeletion'), block('a', '198.51.100.0/26')];
    expect(build('a', [A, ...twice]).v4.blocks).toEqual(build('a', [A, ...twice.toReversed()]).v4.blocks);
    const nested = build('a', [A, block('a', '10.0.0.0/8'), block('a', '10.0.0.0/16')]);
    expect(nested.v4.blocks.map(({ cidr }) => cidr)).toEqual(['10.0.0.0/16', '10.0.0.0/8']);
  });
});
