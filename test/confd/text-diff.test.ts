import { expect, it } from 'vitest';
import type { LiveFile, OutputFile } from '../../src/confd/output-file.ts';
import { textDiff } from '../../src/confd/text-diff.ts';

const HIDE = { showSecrets: false };
const wanted = (text: string, mode: number | null): OutputFile => ({
  dest: '/etc/a',
  text,
  mode,
  uid: null,
  gid: null,
});
const live = (text: string, mode: number): LiveFile => ({ text, bytes: Buffer.from(text), mode, uid: 0, gid: 0 });

it('shows what would change in a file that everybody may read', async () => {
  const diff = await textDiff(wanted('a\nc\n', null), live('a\nb\n', 0o644), HIDE);
  expect(diff).toContain('\n a\n-b\n+c\n');
  expect(await textDiff(wanted('a\n', null), null, HIDE)).toContain('--- /dev/null');
});

it.each([
  ['is private', 0o600, live('a\nold\n', 0o600)],
  ['stays private', null, live('a\nold\n', 0o640)],
  ['would be private', 0o600, live('a\nold\n', 0o644)],
  ['would no longer be private', 0o644, live('a\nold\n', 0o600)],
  ['is new and private', 0o640, null],
])('says of a file that %s only how much would change', async (_, mode, before) => {
  const diff = await textDiff(wanted('a\nsecret\n', mode), before, HIDE);
  expect(diff).not.toMatch(/secret$|old/m);
  expect(diff).toMatch(before ? /1 lines would go and 1 come/ : /0 lines would go and 2 come/);
  expect(await textDiff(wanted('a\nsecret\n', mode), before, { showSecrets: true })).toContain('+secret');
});

it('lets no value steer the terminal', async () => {
  const diff = await textDiff(wanted('a\t\u001b[2Jb\r\n', null), null, HIDE);
  expect(diff).toContain('+a\t\\u{1b}[2Jb\\u{d}\n');
});
