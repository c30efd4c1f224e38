import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readLayoutTemplates } from '../../src/host/layout-templates.ts';
import { printedFields } from '../../src/render/printed-fields.ts';

const FIELDS = ['name', 'address', 'origins'];

/** Which of the fields are only printed by `text` and the templates beside it. */
function printed(text: string, others: Readonly<Record<string, string>> = {}): readonly string[] {
  return FIELDS.filter(printedFields(new Map(Object.entries({ t: text, ...others })), 't'));
}

describe('the fields that are only printed', () => {
  it.each([
    ['{{name}} {{~ address ~}} {{#each origins}}\n# {{this}}\n{{/each}}'],
    ['the name and address of {{name}}'],
    ['{{#if name}}{{name}}{{else}}{{address}}{{/if}}{{#unless origins}}none{{/unless}}'],
    ['{{! the name of #each this}}{{!-- {{quote name}} --}}{{~! address ~}}{{!--}}'],
    ['{{#if (is kind "x")}}{{name}}{{/if}}{{#each others}}{{this}}{{#if this}}{{../kind}}{{/if}}{{/each}}'],
    ['{{quote kind}}{{> part}}{{> "part"}}{{#each others}}{{> part}}{{/each}}'],
  ])('are all in %s', (text) => {
    expect(printed(text, { part: '{{name}}' })).toEqual(FIELDS);
  });

  it.each([
    ['name', '{{quote name}}'],
    ['name', '{{#if (is name "x")}}x{{/if}}'],
    ['name', '{{#if (is kind "}}") }}{{/if}}{{is "}}" name}}'],
    ['name', '{{#each name}}x{{/each}}'],
    ['name', '{{#with name}}{{this}}{{/with}}'],
    ['name', '{{name.length}}'],
    ['name', '{{#each others}}{{../name}}{{/each}}'],
    ['name', '{{#if [name]}}x{{/if}}'],
    ['name', '{{{name}}}'],
    ['name', '{{&name}}'],
    ['name', '{{^name}}x{{/name}}'],
    ['name', '{{> part kind=name}}'],
    ['name', '{{> part name}}'],
    ['name', '{{> part}}'],
    ['origins', '{{#each origins}}{{@index}}{{this}}{{/each}}'],
    ['origins', '{{#each origins}}{{this}}{{else}}none{{/each}}'],
    ['origins', '{{origins.[0]}}'],
  ])('do not hold %s in %s', (field, text) => {
    const all = printed(`{{name}}{{address}}${text}`, { part: '{{#if (is name kind)}}x{{/if}}' });
    expect(all).not.toContain(field);
    expect(all).toContain('address');
  });

  it.each([
    '{{lookup this "name"}}',
    '{{#each this}}{{this}}{{/each}}',
    '{{#each .}}x{{/each}}',
    '{{#each origins}}{{quote this}}{{/each}}',
    '{{#each others}}{{#each ..}}x{{/each}}{{/each}}',
    '{{#each others}}{{#with ../this}}x{{/with}}{{/each}}',
    '{{#each @root}}x{{/each}}',
    '{{#with this as |view|}}x{{/with}}',
    '{{> part this}}',
    '{{> part of=this}}',
    '{{> (is a b)}}',
    '{{> nowhere}}',
    '{{> @partial-block}}',
    '{{#*inline "part"}}x{{/inline}}',
    '\\{{name}} {{quote name}}',
    '{{{{quote name}}}}x{{{{/quote}}}}',
    '{{name} {{quote name',
  ])('are none where the text leaves a doubt: %s', (text) => {
    expect(printed(`{{name}}${text}`, { part: '' })).toEqual([]);
  });

  it('are those in which the sessions of a mesh differ, in the templates of both layouts of the data', async () => {
    const tree = fileURLToPath(new URL('../../templates', import.meta.url));
    const { v1, v3 } = await readLayoutTemplates(tree, 'bird1', null);
    for (const templates of [v1, v3]) expect(FIELDS.filter(printedFields(templates, 'peer'))).toEqual(FIELDS);
  });
});
