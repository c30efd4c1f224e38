import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openAnnouncer } from '../../src/service/announce.ts';
import { resolveSettings } from '../../src/settings.ts';
import { temporaryFolder } from '../support/folder.ts';

it('announces once, and makes no failure of one that cannot be told', async () => {
  const dir = await temporaryFolder();
  const [file, socket] = [join(dir, 'ready'), join(dir, 'nobody')];
  await writeFile(file, 'left by a predecessor');
  const events: string[] = [];
  const settings = await resolveSettings({ node: 'a', 'ready-file': file, input: [dir] }, { NOTIFY_SOCKET: socket });
  const announcer = await openAnnouncer(settings, (level, event) => events.push(`${level} ${event}`));
  expect(existsSync(file)).toBe(false);
  await Promise.all([announcer.ready(), announcer.ready()]);
  expect(await readFile(file, 'utf8')).toBe(`${process.pid}\n`);
  expect(events).toEqual(['info ready', 'warn announce-failed']);
  await Promise.all([announcer.stopping(), announcer.stopping()]);
  expect(existsSync(file)).toBe(false);
  expect(events.slice(2)).toEqual(['warn announce-failed']);
  await announcer.ready();
  expect(existsSync(file)).toBe(false);
});
