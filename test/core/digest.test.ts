import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf, digestOfAll } from '../../src/core/digest.ts';

describe('digestOf', () => {
  it('is the SHA-256 of the UTF-8 bytes', () => {
    expect(digestOf('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(digestOf('ключ')).toBe(digestOf(Buffer.from('ключ').toString()));
    expect(digestOf('a')).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('digestOfAll', () => {
  it('is another one for other parts, another order or another cut', () => {
    const parts = fc.array(fc.string({ maxLength: 3, unit: fc.constantFrom('a', '1', ':', '2') }), { maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = a.length === b.length && a.every((part, i) => part === b[i]);
        expect(digestOfAll(a) === digestOfAll(b)).toBe(same);
      }),
      { numRuns: 500 },
    );
    expect(digestOfAll(['ab', 'c'])).not.toBe(digestOfAll(['a', 'bc']));
    expect(digestOfAll([])).not.toBe(digestOfAll(['']));
  });
});
