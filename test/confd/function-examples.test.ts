import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { allFunctions } from '../../src/confd/functions/all-functions.ts';
import { Outside } from '../../src/confd/functions/outside-functions.ts';
import { handlebarsEngine } from '../../src/confd/handlebars-engine.ts';
import { renderInRounds } from '../../src/confd/rounds.ts';
import { answerOf } from '../../src/confd/world.ts';
import { systemClock } from '../../src/core/clock.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const fromConsul = readme.slice(readme.indexOf('In templates, with the keys of'), readme.indexOf('### A backend more'));
const whole = readFileSync(new URL('../../templates/README.md', import.meta.url), 'utf8');
const chapter = whole.slice(whole.indexOf('## Generic mode'));

/** The keys of the code block: a key, and what stands behind it. */
const block = /```\n([\s\S]*?)```/.exec(chapter)?.[1] ?? '';
const KEYS = new Map(
  block
    .trimEnd()
    .split('\n')
    .map((line) => /^(\S+)\s*(.*)$/.exec(line)?.slice(1) as [string, string]),
);

/** The cells of every row of three, the marks of Markdown left out. */
const rows = `${chapter}\n${fromConsul}`
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:function|Go|consul-template) /.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );

const code = (cell: string): string | null => /^`(.*)`$/.exec(cell)?.[1] ?? null;
const examples = rows.flatMap(([, template = '', text = '']) => {
  const [source, expected] = [code(template), code(text)];
  return source !== null && expected !== null ? [{ source, expected }] : [];
});

const moment = { ms: Date.UTC(2026, 10, 22, 4, 5, 6), offsetMinutes: 60, zone: 'CET' };
const resolver = {
  lookup: async (host: string) => [{ address: host }],
  resolveSrv: async (name: string) => {
    if (name !== '_http._tcp.example.org') throw new Error(`asked for ${name}`);
    return [{ name: 'web.example.org', port: 8080, priority: 1, weight: 1 }];
  },
};

function rendered(source: string): Promise<string> {
  const outside = new Outside(() => moment, { HOME: '/root' });
  const names = new Set(Object.keys(allFunctions(KEYS, outside)));
  const template = handlebarsEngine.compile({ name: 'example', text: source, partials: new Map() }, names);
  const find = (question: Parameters<typeof answerOf>[0]) => answerOf(question, systemClock, resolver);
  return renderInRounds(template, { values: KEYS, data: {}, own: {} }, outside, find);
}

it.each(examples)('$source', async ({ source, expected }) => {
  expect(await rendered(source)).toBe(expected);
});

it('there is an example of every function, and of no other', () => {
  const tables = chapter.slice(0, chapter.indexOf('### From Go')).split('\n');
  const stated = tables
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => {
      const [, first = '', template = ''] = line.split('|');
      const names = [...first.matchAll(/`([a-z]\w*)(?: [^`]*)?`/gi)].map(([, name = '']) => name);
      // It is in its own example, or stands for one beside it.
      expect(
        names.some((name) => template.includes(name)),
        line,
      ).toBe(true);
      return names;
    });
  const functions = Object.keys(allFunctions(new Map(), new Outside(() => moment, {})));
  expect(stated.sort()).toEqual(functions.sort());
});

it('reads the whole document: every row with a text is an example', () => {
  expect(KEYS.size).toBe(9);
  const silent = rows.filter(([, template = '', text = '']) => code(template) === null || code(text) === null);
  expect(silent.map(([first]) => first)).toHaveLength(5);
  expect(examples.length).toBeGreaterThan(60);
});
