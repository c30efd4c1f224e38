import { describe, expect, it } from 'vitest';
import { Environment } from '../../src/render/environment.ts';
import { BirdString, guarded } from '../../src/render/guard.ts';

/** The text of template `t` (and its partials) over a view. */
function render(
  text: string,
  view: Readonly<Record<string, unknown>>,
  partials: Readonly<Record<string, string>> = {},
) {
  const environment = new Environment(new Map(Object.entries({ ...partials, t: text })));
  return environment
    .render('t', { ...view, origins: [] })
    .map((block) => block.text)
    .join('');
}

describe('a template over a guarded view', () => {
  it('prints fields, lists and what is below them', () => {
    const view = { a: 'x', n: 0, none: null, list: [{ b: 1 }, { b: 2 }], words: ['u', 'v'], deep: { er: { c: 'y' } } };
    expect(render('{{a}} {{n}}{{none}} {{deep.er.c}}', view)).toBe('x 0 y');
    expect(render('{{#each list}}{{b}}{{../a}}{{/each}} {{#each words}}{{this}}{{@index}}{{/each}}', view)).toBe(
      '1x2x u0v1',
    );
    expect(render('{{#each words}}{{this}}{{../n}}{{#if ../list}},{{/if}}{{/each}}', view)).toBe('u0,v0,');
    expect(render('{{#if none}}1{{else}}2{{/if}}{{#if list}}3{{/if}}{{#unless n}}4{{/unless}}', view)).toBe('234');
    expect(render('{{#with deep}}{{#with er}}{{c}}{{../../a}}{{/with}}{{/with}}', view)).toBe('yx');
  });

  const PARTIALS = { part: '{{c}}', wrong: '{{#if misspelt}}x{{/if}}', deeper: '{{#each list}}{{> wrong}}{{/each}}' };
  it.each([
    ['a field', '{{misspelt}}'],
    ['if', '{{#if misspelt}}x{{/if}}'],
    ['unless', '{{#unless misspelt}}x{{/unless}}'],
    ['each', '{{#each misspelt}}x{{/each}}'],
    ['with', '{{#with misspelt}}x{{/with}}'],
    ['a helper', '{{quote misspelt}}'],
    ['a helper in an if', '{{#if (is misspelt "x")}}x{{/if}}'],
    ['if below', '{{#if deep.misspelt}}x{{/if}}'],
    ['if further below', '{{#if deep.er.misspelt}}x{{/if}}'],
    ['each below', '{{#each deep.misspelt}}x{{/each}}'],
    ['if in each', '{{#each list}}{{#if misspelt}}x{{/if}}{{/each}}'],
    ['each in each', '{{#each list}}{{#each misspelt}}x{{/each}}{{/each}}'],
    ['a field above', '{{#each list}}{{../misspelt}}{{/each}}'],
    ['if above', '{{#each list}}{{#if ../misspelt}}x{{/if}}{{/each}}'],
    ['if in with', '{{#with deep}}{{#with er}}{{#if misspelt}}x{{/if}}{{/with}}{{/with}}'],
    ['if in a partial', '{{> wrong}}'],
    ['if in a partial over a part of the view', '{{> wrong deep}}'],
    ['if in a partial in each in a partial', '{{> deeper}}'],
    ['a field in a block', '{{block "wrong" deep}}'],
    ['if in a block in each', '{{#each list}}{{block "wrong" this}}{{/each}}'],
  ])('throws on a field that is not there in %s', (_, text) => {
    const view = { a: 'x', list: [{ b: 1, origins: [] }], deep: { er: { c: 'y' }, origins: [] } };
    expect(() => render(text, view, PARTIALS)).toThrow(
      'bug: the template asks for "misspelt", which the view does not have',
    );
  });

  it('prints no object and no list', () => {
    for (const text of [
      '{{deep}}',
      'a{{deep}}b',
      '{{list}}',
      '{{#each list}}x{{this}}{{/each}}',
      '{{#with deep}}{{this}}y{{/with}}',
    ])
      expect(() => render(`x${text}`, { list: [{ b: 1 }], deep: { a: 1 } }), text).toThrow();
  });

  it('reads nothing that comes from a prototype', () => {
    for (const name of ['__proto__', 'hasOwnProperty', 'valueOf', 'isPrototypeOf'])
      expect(() => render(`{{#if ${name}}}x{{/if}}`, {}), name).toThrow(/bug: /);
    const inherited = Object.create({ secret: 'x' }) as Record<string, unknown>;
    expect(() => render('{{#if view.secret}}x{{/if}}', { view: { ...inherited } })).toThrow(/secret/);
  });

  it.each(['a b', 'a;', '}', '"', '#', 'a\nb', '\0', '/*', '{{x}}', 'é'])(
    'throws on text that is no word: %j',
    (value) => {
      for (const text of [
        '{{v}}',
        '{{#if v}}x{{/if}}',
        '{{quote v}}',
        '{{#each list}}{{this}}{{/each}}',
        '{{deep.v}}',
      ]) {
        const view = { v: value, list: [value], deep: { v: value } };
        expect(() => render(text, view), text).toThrow('that is no plain word; make it a BirdString');
        expect(() => render(text, view), text).not.toThrow(/é/);
      }
    },
  );

  it('prints a BirdString through quote alone', () => {
    const view = { pattern: new BirdString('eth 0; }'), list: [new BirdString('*')] };
    expect(render('{{quote pattern}},{{#each list}}-{{quote this}}{{/each}}', view)).toBe('"eth 0; }",-"*"');
    for (const text of ['{{pattern}}', '{{#each list}}{{this}}{{/each}}', 'x{{required pattern}}y'])
      expect(() => render(text, view), text).toThrow('prints a string without the quote helper');
    expect(() => render('{{quote pattern}}', { pattern: new BirdString('a"b') })).toThrow(RangeError);
  });
});

describe('guarded', () => {
  it('is the same guard for the same object, so that texts are remembered by it', () => {
    const part = { a: 1 };
    const view = { part, again: part };
    // Compared here: an assertion would look into the guard for fields of its own.
    const [one, two] = [guarded(view), guarded(view)];
    expect(one === two).toBe(true);
    expect(guarded(view).part === guarded(view).again).toBe(true);
    expect(guarded(view).part === guarded(part)).toBe(true);
    expect(guarded(view).part === part).toBe(false);
  });

  it('leaves the view as it is', () => {
    const view = { a: 1, list: ['x'], none: null };
    expect({ ...guarded(view), list: [...guarded(view).list] }).toEqual(view);
    expect(Object.keys(guarded(view))).toEqual(['a', 'list', 'none']);
    expect(guarded(view).list.length).toBe(1);
  });
});
