import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/core/utf8.ts';

const LONG = 'protocol bgp Mesh_192_0_2_1; # Köln\n'.repeat(1_000);

describe('utf8', () => {
  it.each([
    ['a short text', 'für'],
    ['a long text', LONG],
  ])('encodes %s', (_, text) => {
    expect(utf8(text).toString('utf8')).toBe(text);
  });

  it('encodes a long text once, also in turn with another, and not by its length', () => {
    const other = LONG.replace('Köln', 'Bonn');
    const [first, second] = [utf8(LONG), utf8(other)];
    expect(second.toString('utf8')).toBe(other);
    for (const [text, bytes] of [
      [LONG, first],
      [other, second],
      [LONG, first],
    ] as const)
      expect(utf8(text)).toBe(bytes);
    expect(utf8(`${LONG}.`.slice(0, -1))).toBe(first);
  });

  it('keeps no more than two', () => {
    const first = utf8(LONG);
    for (const letter of ['a', 'b']) utf8(LONG + letter);
    expect(utf8(LONG) === first).toBe(false);
  });
});
