import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';

describe('Secret', () => {
  const secret = new Secret('geheim');

  it('gives its value to who asks for it by name', () => {
    expect(secret.reveal()).toBe('geheim');
  });

  it.each([
    ['a template literal', `${secret}`],
    ['concatenation', `a${String(secret)}`],
    ['JSON', JSON.stringify({ secret, list: [secret] })],
    ['an inspector', inspect({ secret }, { depth: 9, showHidden: true })],
    ['its own keys', Object.entries(secret).join() + Object.getOwnPropertyNames(secret).join()],
    ['an error', new Error(`${secret}`).message],
    ['a copy', JSON.stringify({ ...secret })],
  ])('is not in %s', (_, text) => {
    expect(text).not.toContain('geheim');
  });
});
