import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Every code that some source gives a Diagnostic: the word after `code`, where a severity stands beside it. */
function codesIn(folder: string): readonly string[] {
  const recursive = folder !== '.';
  const all = readdirSync(join(root, 'src', folder), { recursive, encoding: 'utf8' });
  const names = all.filter((name) => name.endsWith('.ts'));
  const text = names.map((name) => readFileSync(join(root, 'src', folder, name), 'utf8')).join('\n');
  const beside = [...text.matchAll(/severity[^{}]{0,60}code: '([a-z-]+)'/g)];
  const called = [...text.matchAll(/\b(?:error|warning|diagnostic)\((?:'(?:error|warning)', )?'([a-z-]+)', /g)];
  return [...beside, ...called].map(([, code = '']) => code);
}

it('explains every Diagnostic, and no other', () => {
  const section = readme.slice(readme.indexOf('## Diagnostics'), readme.indexOf('## When BIRD'));
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const explained = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, code]) => code),
  );
  const given = new Set(['core', 'datastore', 'datamodel', 'bgp', 'host', 'pass', '.'].flatMap(codesIn));
  expect(given.size).toBeGreaterThan(15);
  expect([...new Set(explained)].sort()).toEqual([...given].sort());
});

it('names, for each fault of the datastore, a test that is there, and every file of such tests', () => {
  const section = readme.slice(readme.indexOf('## When the datastore'), readme.indexOf('## Any service'));
  const named = [...section.matchAll(/\| `([a-z0-9/.-]+)` \|$/gm)].map(([, name]) => `${name}.test.ts`);
  const folder = join(root, 'test/faults');
  expect(named.filter((name) => !existsSync(join(folder, name)))).toEqual([]);
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  expect(files.filter((name) => !named.includes(name))).toEqual([]);
});

it('has a test for each row of trouble, and no other', () => {
  const section = readme.slice(readme.indexOf('## When BIRD'), readme.indexOf('## When the datastore'));
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| what happens'));
  const folder = join(root, 'test/daemon/reload-table');
  const tests = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const titles = tests.flatMap((text) =>
    [...text.matchAll(/^ {2}it(?:\.fails)?\((['"])(.+?)\1, /gm)].map((match) => match[2]),
  );
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.map((row) => row.split('|')[1]?.trim()).sort()).toEqual(titles.sort());
});
