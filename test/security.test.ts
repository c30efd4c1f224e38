import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: read(`src/${name}`) }));

it('runs programs in few places, never by a shell, and never with our environment', () => {
  const running = sources.filter(({ text }) => /import\('execa'\)/.test(text) && /\bexeca\(/.test(text));
  expect(running.map(({ name }) => name).sort()).toEqual([
    'bird/run-bird.ts',
    'confd/run-reload.ts',
    'service/announce.ts',
    'service/restarter.ts',
  ]);
  for (const { text } of running) {
    expect(text).toMatch(/extendEnv: false/);
    expect(text).toContain('PLAIN_ENVIRONMENT');
  }
  const others = sources.filter(({ text }) => /child_process|\bshell: |execaCommand|execaSync|node:vm\b/.test(text));
  // `template-diff --against REVISION`, and no part of the service: git reads the configuration of the person who calls it.
  // Generic mode's check_cmd and reload_cmd are a shell's by confd's contract: the operator's words, and none of the datastore's.
  expect(others.map(({ name }) => name).sort()).toEqual(['confd/command.ts', 'golden/git-tree.ts']);
  for (const { text } of others) expect(text).not.toMatch(/\bshell: |\bexec\(/);
});

it('says in the README why each package is bundled', () => {
  const readme = read('README.md');
  const section = readme.slice(readme.indexOf('**What is bundled.**'), readme.indexOf('## What it reads'));
  const rows = [...section.matchAll(/^\| `([@/\w-]+)` \| (.+) \|$/gm)];
  expect(rows.map(([, name]) => name)).toEqual(Object.keys(JSON.parse(read('package.json')).dependencies).sort());
});
