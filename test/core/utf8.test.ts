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

  it('encodes a long text once, and not by its length', () => {
    const first = utf8(LONG);
    expect(utf8(`${LONG}.`.slice(0, -1))).toBe(first);
    const other = LONG.replace('Köln', 'Bonn');
    expect(utf8(other).toString('utf8')).toBe(other);
  });

  it('keeps no more than one', () => {
    const first = utf8(LONG);
    utf8(`${LONG}.`);
    expect(utf8(LONG) === first).toBe(false);
  });
});
