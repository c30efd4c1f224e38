import { readdirSync, readFileSync } from 'node:fs';
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
  const section = readme.slice(readme.indexOf('## Diagnostics'), readme.indexOf('## How to add'));
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const explained = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, code]) => code),
  );
  const given = new Set(['core', 'datastore', 'datamodel', 'bgp', 'host', 'pass', '.'].flatMap(codesIn));
  expect(given.size).toBeGreaterThan(15);
  expect([...new Set(explained)].sort()).toEqual([...given].sort());
});
