import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { templateFault } from '../../src/render/template-fault.ts';

const dir = fileURLToPath(new URL('../../templates/bird1/', import.meta.url));
const names = readdirSync(dir).map((name) => name.replace('.hbs', ''));

describe('a fault of a template', () => {
  it.each(names)('is not in the built-in %s', async (name) => {
    expect(await templateFault(name, readFileSync(`${dir}${name}.hbs`, 'utf8'), new Set(names))).toBeNull();
  });

  it.each([
    ['a block without its end', 'a\n{{#if x}}\nb\n', 4, /^ends inside a block/],
    ['a brace too few', 'a\n{{x}\n', 2, /^no Handlebars, near ".*\{\{x\}"$/],
    ['the end of another block', 'a\n\n{{#if x}}\n{{/each}}\n', 3, /^if doesn't match each$/],
    ['an unknown helper', 'a\n{{shout x}}\n', 2, /unknown helper shout$/],
    ['an unknown partial', '{{#if x}}\n  {{> nix}}\n{{/if}}\n', 2, /^there is no template nix\.hbs$/],
    ['an unknown block', '{{#each x}}\n{{else}}\n{{block "nix" this}}{{/each}}', 3, /^there is no template nix\.hbs$/],
    ['itself', 'a\n{{> peer}}\n', 2, /^peer\.hbs includes itself/],
  ])('is %s', async (_, text, line, message) => {
    expect(await templateFault('peer', text, new Set(['peer', 'bird']))).toEqual({
      line,
      message: expect.stringMatching(message),
    });
  });
});
