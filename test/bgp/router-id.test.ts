import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashedRouterId } from '../../src/bgp/router-id.ts';
import { parseIp } from '../../src/core/ip-address.ts';

describe('hashedRouterId', () => {
  it.each([
    ['Testrobin123', '207.94.5.27'],
    ['nodeTest', '109.174.215.226'],
    ['kube-master', '25.79.212.8'],
  ])('of %s is %s', (name, id) => {
    expect(hashedRouterId(name)).toBe(id);
  });

  it('is always an address below the multicast range', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const id = hashedRouterId(name);
        expect(parseIp(id)?.text).toBe(id);
        expect(Number(id.split('.')[0])).toBeLessThan(224);
      }),
    );
  });
});
