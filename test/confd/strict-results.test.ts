import { expect, it } from 'vitest';
import { allFunctions } from '../../src/confd/functions/all-functions.ts';
import { Outside } from '../../src/confd/functions/outside-functions.ts';
import { handlebarsEngine } from '../../src/confd/handlebars-engine.ts';

const KEYS = new Map([
  ['/app/json', '{"tls": {"on": true}, "list": [{"a": 1}]}'],
  ['/app/password', 'geheim'],
]);

function rendered(text: string, partials: Readonly<Record<string, string>> = {}): string {
  const functions = allFunctions(KEYS, new Outside(() => ({ ms: 0, offsetMinutes: 0, zone: 'UTC' }), {}));
  const source = { name: 't', text, partials: new Map(Object.entries(partials)) };
  return handlebarsEngine.compile(source, new Set(Object.keys(functions))).render(functions, {});
}

const IN = '{{#with (json (getv "/app/json"))}}';

it.each([
  ['printed', `${IN}{{missing}}{{/with}}`],
  ['printed, further in', `${IN}{{tls.missing}}{{/with}}`],
  ['a condition', `${IN}{{#if missing}}x{{/if}}{{/with}}`],
  ['a condition, further in', `${IN}{{#if tls.missing}}x{{/if}}{{/with}}`],
  ['unless', `${IN}{{#unless missing}}x{{/unless}}{{/with}}`],
  ['a list', `${IN}{{#each missing}}x{{/each}}{{/with}}`],
  ['with', `${IN}{{#with missing}}x{{/with}}{{/with}}`],
  ['an argument', `${IN}{{toUpper missing}}{{/with}}`],
  ['an argument of an argument', `${IN}{{#if (not missing)}}x{{/if}}{{/with}}`],
  ['of a key', '{{#each (gets "/app/*")}}{{#if value}}x{{/if}}{{/each}}'],
  ['of an item', `${IN}{{#each list}}{{#if b}}x{{/if}}{{/each}}{{/with}}`],
  ['of a block parameter', `{{#with (json (getv "/app/json")) as |j|}}{{#if j.missing}}x{{/if}}{{/with}}`],
  ['of the outer', `${IN}{{#each list}}{{#if ../missing}}x{{/if}}{{/each}}{{/with}}`],
  ['at the top', '{{#if missing}}x{{/if}}'],
  ['in an included template', `${IN}{{> part}}{{/with}}`],
  ['in an included template with arguments', `${IN}{{> part given=1}}{{/with}}`],
  ['handed to an included template', `${IN}{{> part missing}}{{/with}}`],
])('a field that a function’s result does not have is a fault: %s', (_, text) => {
  expect(() => rendered(text, { part: '{{#if missing}}x{{/if}}' })).toThrow(/"(?:missing|value|b)" not defined/);
});

it('lookup is for what may be absent', () => {
  const text = `${IN}{{#if (lookup this "missing")}}x{{else}}none{{/if}} {{#if (lookup this "tls")}}tls{{/if}}{{/with}}`;
  expect(rendered(text)).toBe('none tls');
});

it.each([
  '{{add (getv "/app/password") 1}}',
  '{{atoi (getv "/app/password")}}',
  '{{json (getv "/app/password")}}',
  '{{join (getv "/app/password") ","}}',
  '{{index (getv "/app/password") "a"}}',
  '{{#with (getv "/app/password")}}{{field}}{{/with}}',
  '{{#each (getv "/app/password")}}{{/each}}',
  '{{seq (getv "/app/password") 1}}',
  '{{lt (getv "/app/password") 1}}',
  '{{base64Decode (printf "%s!" (getv "/app/password"))}}',
])('no fault quotes a value: %s', (text) => {
  expect(() => rendered(text)).toThrow(/^(?!.*geheim)t:/s);
});
