import { expect, it } from 'vitest';
import { allFunctions } from '../../src/confd/functions/all-functions.ts';
import { Outside } from '../../src/confd/functions/outside-functions.ts';
import { pathMatch } from '../../src/confd/functions/path-match.ts';
import { handlebarsEngine } from '../../src/confd/handlebars-engine.ts';

const KEYS = new Map([
  ['/app/b/host', 'db2'],
  ['/app/a/host', 'db9'],
  ['/app/name', 'one'],
  ['/json', '{"10":"x","9":"y","port":8080}'],
]);
const outside = new Outside(() => ({ ms: Date.UTC(2026, 10, 22, 4, 5, 6), offsetMinutes: 60, zone: 'CET' }), {
  HOME: '/root',
  NO: '',
});

function rendered(text: string, partials: Readonly<Record<string, string>> = {}): string {
  const functions = allFunctions(KEYS, outside);
  const source = { name: 't.hbs', text, partials: new Map(Object.entries(partials)) };
  return handlebarsEngine.compile(source, new Set(Object.keys(functions))).render(functions, {});
}

it.each([
  ['{{getv "/app/name"}} {{getv "/no" ""}}{{getv "/no" "d"}}', 'one d'],
  ['{{exists "/app/name"}} {{exists "/no"}}', 'true false'],
  ['{{#with (get "/app/name")}}{{Key}}={{Value}}{{/with}}', '/app/name=one'],
  ['{{#each (gets "/app/*/host")}}{{Key}} {{/each}}', '/app/a/host /app/b/host '],
  ['{{#each (getvs "/app/*/host")}}{{this}} {{/each}}', 'db2 db9 '],
  ['{{len (gets "/none/*")}}', '0'],
  ['{{join (ls "/app") ","}} {{join (lsdir "/app") ","}} {{join (ls "/app/name") ","}}', 'a,b,name a,b name'],
  ['{{base "/a/b/"}} {{dir "/a/b"}} {{base ""}} {{dir "b"}}', 'b /a . .'],
  ['{{join (split "a,b" ",") "+"}} {{replace "aaa" "a" "b" 2}} {{trimSuffix "a.c" ".c"}}', 'a+b bba a'],
  ['{{contains "abc" "b"}} {{toUpper "a"}} {{toLower "A"}}', 'true A a'],
  ['{{#each (json (getv "/json"))}}{{@key}}={{this}} {{/each}}', '10=x 9=y port=8080 '],
  ['{{#each (jsonArray "[1,2]")}}{{this}};{{/each}}{{#with (map "k" "v")}}{{k}}{{/with}}', '1;2;v'],
  ['{{base64Encode "é"}} {{base64Decode "w6k="}}', 'w6k= é'],
  ['{{add 1 2}} {{sub 1 2}} {{mul 2 3}} {{div -7 2}} {{mod -7 2}}', '3 -1 6 -3 -1'],
  ['{{#each (seq 1 3)}}{{this}}{{/each}} {{atoi "7"}} {{parseBool "T"}}', '123 7 true'],
  ['{{join (reverse (split "a b" " ")) ""}} {{join (sortByLength (split "ccc a bb" " ")) ","}}', 'ba a,bb,ccc'],
  ['{{#each (sortKVByLength (gets "/*"))}}{{Key}}{{/each}}', '/json'],
  ['{{getenv "HOME"}} {{getenv "NO" "d"}} {{datetime "2006-01-02 15:04:05 MST"}}', '/root d 2026-11-22 05:05:06 CET'],
  [
    '{{printf "%s %d %05d %-4s| %q %x %v %%" "a" 1 42 "b" "c\nd" "hi" (split "x y" " ")}}',
    'a 1 00042 b   | "c\\nd" 6869 [x y] %',
  ],
  ['{{printf "%d" "x"}} {{printf "%s"}}', '%!d(string=x) %!s(MISSING)'],
  ['{{and 1 ""}}|{{or "" "b"}}|{{not 0}}|{{eq 1 2 1}}|{{lt "a" "b"}}|{{ge 2 2}}', '|b|true|true|true|true'],
  [
    '{{index (split "a b" " ") 1}} {{slice "abc" 1 2}} {{print 1 2 "a"}} {{html "<&>"}} {{urlquery "a b/"}}',
    'b b 1 2a &lt;&amp;&gt; a+b%2F',
  ],
])('%s', (text, expected) => {
  expect(rendered(text)).toBe(expected);
});

it.each([
  ['{{getv "/no"}}', /^t\.hbs:1:0: getv: key does not exist: \/no$/],
  ['{{div 1 0}}', /division by zero/],
  ['{{gets "[a"}}', /syntax error in pattern/],
  ['{{#with (json (getv "/json"))}}{{nothing}}{{/with}}', /"nothing" not defined/],
  ['{{nofunction "x"}}', /there is no function nofunction/],
  ['{{#if}', /^t\.hbs:1: no Handlebars/],
  ['a\n {{ls "/app"}}', /^t\.hbs:2:1: a list cannot be printed: join it/],
  ['{{json (getv "/json")}}', /^t\.hbs:1:0: an object cannot be printed/],
  ['{{nothing}}', /^t\.hbs:1:2: "nothing" not defined/],
  ['{{#if nothing}}{{/if}}', /^t\.hbs:1:6: "nothing" not defined/],
  ['{{#each nothing}}{{/each}}', /"nothing" not defined/],
  ['{{#if (and true nothing)}}{{/if}}', /"nothing" not defined/],
  ['{{#*inline "p"}}{{/inline}}{{> p a=nothing}}', /"nothing" not defined/],
  ['{{#with (map "a" 1)}}{{#if b}}{{/if}}{{/with}}', /"b" not defined/],
  ['{{#with (map "a" 1)}}{{#with (map "b" 1)}}{{../c}}{{/with}}{{/with}}', /"c" not defined/],
  ['{{#each (gets "/app/*") as |pair|}}{{pair.Valu}}{{/each}}', /^t\.hbs:1:37: "Valu" not defined/],
  ['{{#each (gets "/app/*") as |pair|}}{{#if pair.Valu}}{{/if}}{{/each}}', /"Valu" not defined/],
  ['{{#each (ls "/app")}}{{Key}}{{/each}}', /^t\.hbs: "Key" not defined in a text or number$/],
  ['{{#with (getvs "/app/*/host")}}{{Key}}{{/with}}', /^t\.hbs:1:33: "Key" not defined here$/],
  ['{{#each (getv "/app/name")}}{{/each}}', /^t\.hbs:1:0: a text or number cannot be gone through/],
  ['{{range gets "/app/*"}}{{.Key}}{{end}}', /it looks like a template of Go's/],
  ['{{- getv "/app/name" -}}', /no function -; it looks like a template of Go's/],
])('%s is an error that says where', (text, message) => {
  expect(() => rendered(text)).toThrow(message);
});

it.each([
  ...['cget "/a"', 'cgets "/a"', 'cgetv "/a"', 'cgetvs "/a"', 'call "f"', 'break', 'continue', 'end'],
  ...['range gets "/a"', 'if true', 'with "a"', 'define "p"', 'template "p"', 'block "p" 1'],
])('{{%s}} is not there, and no silent <no value>', (text) => {
  expect(() => rendered(`{{${text}}}`)).toThrow(/^t\.hbs:/);
});

it('names the file that a fault is in, also where another one includes it', () => {
  const partials = { header: 'as\n{{getv "/no"}}', strict: '{{nothing}}' };
  expect(() => rendered('{{> header}}', partials)).toThrow(/^header:2:0: getv: key does not exist/);
  expect(() => rendered('{{> strict}}', partials)).toThrow(/^strict:1:2: "nothing" not defined/);
  expect(() => rendered('', { broken: '{{#if}' })).toThrow(/^broken:1: no Handlebars/);
});

it('includes files, and not what a template defines for itself', () => {
  const text = '{{#*inline "own"}}{{> header}}{{/inline}}{{> own}}{{#> frame}}x{{/frame}}';
  expect(handlebarsEngine.includes('t', text)).toEqual(['frame', 'header']);
  expect(rendered(text, { header: 'H ', frame: '[{{> @partial-block}}]' })).toBe('H [x]');
});

it.each([
  ['{{#each (seq 5 6)}}{{@index}}{{this}} {{/each}}', '05 16 '],
  ['{{#each (seq 5 6) as |index|}}{{index}}{{/each}}', '56'],
  ['{{#with (map "dir" "/etc")}}{{this.dir}}{{/with}}', '/etc'],
  ['{{#if true}}{{add 1 2}}{{add 1 2}}{{/if}}', '33'],
  ['{{"a"}}{{1}}{{true}}', 'a1true'],
  ['{{#if (lookup (map "a" 1) "b")}}yes{{else}}no{{/if}}', 'no'],
  ['{{#with (json "{\\"a\\":{\\"b\\":null}}") as |v|}}{{v.a.b}}{{#if v.a.b}}1{{else}}2{{/if}}{{/with}}', '2'],
  ['{{#*inline "p"}}{{a}}{{/inline}}{{#with (map "a" 5)}}{{> p}}{{> p a=6}}{{> p this}}{{/with}}', '565'],
])('%s prints what a reader expects', (text, expected) => {
  expect(rendered(text)).toBe(expected);
});

// By Go's own path.Match.
it.each([
  ['/a/*', '/a/b', true],
  ['/a/*', '/a/b/c', false],
  ['/a/?', '/a/b', true],
  ['/[a-c]/x', '/b/x', true],
  ['/[^a-c]/x', '/b/x', false],
  ['/a\\*', '/a*', true],
  ['*', '/a', false],
])('pathMatch(%s, %s)', (pattern, name, expected) => {
  expect(pathMatch(pattern, name)).toBe(expected);
});
