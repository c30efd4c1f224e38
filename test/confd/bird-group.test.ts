import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { startBird, type TestBird } from '../support/bird.ts';
import { eventually } from '../support/eventually.ts';
import { groupBench } from './group-bench.ts';

const config = (more: string) => `log stderr all;\nrouter id 192.0.2.1;\nprotocol device {}\n${more}\n`;
const OTHER = config('protocol static mine { route 198.51.100.0/24 blackhole; }');

/** A BIRD that runs what somebody else wrote, and a resource for its file: `{{getv "/bird"}}`, and what `more` makes of it. */
async function withBird(
  more: Readonly<Record<string, string>> = {},
  {
    lines = '',
    ...given
  }: { readonly lines?: string; readonly dir?: string; readonly syncOnly?: boolean; readonly of?: TestBird } = {},
) {
  const bird = given.of ?? (await startBird(OTHER));
  if (!given.of) onTestFinished(() => bird.stop());
  const names: Record<string, string> = {};
  for (const [name, table] of Object.entries(more)) names[name] = table.replaceAll('BIRD', bird.dir);
  const own = `src = "bird"\ndest = "${bird.configFile}"\nreload_mode = "bird"\nbird_socket = "${bird.socket}"`;
  const context = {
    clock: systemClock,
    ...(given.syncOnly && { syncOnly: true }),
    ...(given.dir && { dir: given.dir }),
  };
  const bin = lines.includes('bird_bin') ? '' : 'bird_bin = "/usr/sbin/bird"\n';
  const bench = await groupBench({ ...names, bird: `${own}\n${bin}${lines}` }, { '/bird': config('') }, context);
  await bench.template('bird', '{{getv "/bird"}}');
  const protocols = async () => {
    const { lines: shown } = await bird.ask('show protocols');
    return shown.map(({ text }) => text.split(/\s+/)[0]!).filter((name) => /^[a-z]+\d*$/.test(name) && name !== 'name');
  };
  const file = () => readFile(bird.configFile, 'utf8');
  return { ...bench, bird, protocols, file };
}
const peer = (name: string) => config(`protocol static ${name} { route 203.0.113.0/24 blackhole; }`);

it('has BIRD take up a change and confirm it, and nothing to tell it when nothing has changed, also after a restart', async () => {
  const one = await withBird();
  one.store.put('/bird', peer('alpha'));
  expect((await one.units()).bird).toMatchObject({ outcome: 'confirmed', error: null });
  expect(await one.protocols()).toEqual(['device1', 'alpha']);
  // Not the time that BIRD tells, which moves by a second now and then.
  const told = () => one.bird.log().split('Reconfigured').length - 1;
  await eventually(() => expect(told()).toBe(1));
  expect(one.bird.log()).not.toMatch(/undo/i);
  expect((await one.units()).bird?.outcome).toBe('unchanged');
  const next = await withBird({}, { of: one.bird, dir: one.dir });
  next.store.put('/bird', peer('alpha'));
  expect((await next.units()).bird).toMatchObject({ outcome: 'unchanged', error: null });
  expect(told()).toBe(1);
  next.store.put('/bird', peer('beta'));
  expect((await next.units()).bird?.outcome).toBe('confirmed');
  await eventually(() => expect(told()).toBe(2));
  expect(await next.protocols()).toEqual(['device1', 'beta']);
});

it('writes nothing that BIRD’s own check refuses, and tells where and why', async () => {
  const { store, units, file, protocols, bird } = await withBird();
  store.put('/bird', peer('alpha'));
  await units();
  store.put('/bird', `${peer('beta')}protocol bgp {\n`);
  const refused = (await units()).bird;
  expect(refused?.error).toMatchObject({ stage: 'check', code: 'rejected', retryable: false });
  expect(refused?.error?.message).toMatch(/syntax error/);
  expect(await file()).toContain('alpha');
  expect(await file()).not.toContain('beta');
  expect(await protocols()).toEqual(['device1', 'alpha']);
  expect(await readdir(bird.dir).then((names) => names.filter((name) => name.startsWith('.bird.conf')))).toEqual([]);
  store.put('/bird', peer('gamma'));
  expect((await units()).bird?.outcome).toBe('confirmed');
  expect(await protocols()).toEqual(['device1', 'gamma']);
});

it('puts back what BIRD itself refuses although the check took it, holds, tells it, and goes on with other data', async () => {
  const { store, pass, units, file, protocols } = await withBird({}, { lines: 'bird_bin = "/bin/true"' });
  store.put('/bird', peer('alpha'));
  await units();
  store.put('/bird', `${peer('beta')}protocol bgp {\n`);
  const [report] = await pass();
  expect(report?.units[0]).toMatchObject({
    outcome: 'failed',
    error: { stage: 'reload', code: 'held', retryable: false },
  });
  expect(report?.error?.message).toMatch(/syntax error/);
  expect(await file()).toContain('alpha');
  expect(await file()).not.toContain('beta');
  expect(await protocols()).toEqual(['device1', 'alpha']);
  store.put('/bird', peer('gamma'));
  await eventually(async () => expect((await units()).bird).toMatchObject({ error: null }));
  expect(await protocols()).toEqual(['device1', 'gamma']);
});

it('owes the change while BIRD is away, and pays it when it is back', async () => {
  const { store, units, protocols, bird } = await withBird();
  await units();
  await bird.crash();
  store.put('/bird', peer('alpha'));
  const away = (await units()).bird;
  expect(away).toMatchObject({ outcome: 'failed', error: { stage: 'reload', retryable: true } });
  await writeFile(bird.configFile, OTHER);
  await bird.restart();
  await eventually(async () => expect((await units()).bird?.error).toBeNull(), { timeoutMs: 30_000 });
  expect(await protocols()).toEqual(['device1', 'alpha']);
});

it('takes what the daemon’s file includes as one change with it, whatever the names in conf.d', async () => {
  const lists = 'src = "lists"\ndest = "BIRD/lists.inc"\ngroup_unit = "b"';
  const made = await withBird({ 'a-lists': lists }, { lines: 'group_unit = "b"' });
  const { store, template, pass, protocols, bird } = made;
  await template('lists', '{{getv "/list" ""}}\n');
  const including = config('include "lists.inc";');
  store.put('/bird', including);
  store.put('/list', 'protocol static listed { route 203.0.113.0/24 blackhole; }');
  const [report] = await pass();
  expect(report).toMatchObject({ outcome: 'confirmed', error: null });
  expect(await protocols()).toEqual(['device1', 'listed']);
  store.put('/list', 'protocol static {{{');
  const [refused] = await pass();
  expect(refused?.error).toMatchObject({ stage: 'check', code: 'rejected' });
  expect(refused?.error?.message).toContain('lists.inc');
  expect(await readFile(`${dirname(bird.configFile)}/lists.inc`, 'utf8')).toContain('listed');
});

it('with -sync-only, writes the file and leaves BIRD alone; the next process without it tells BIRD', async () => {
  const first = await withBird({}, { syncOnly: true });
  first.store.put('/bird', peer('alpha'));
  expect((await first.units()).bird?.error).toBeNull();
  expect(await first.file()).toContain('alpha');
  expect(await first.protocols()).toEqual(['device1', 'mine']);
  const later = await withBird({}, { of: first.bird, dir: first.dir });
  later.store.put('/bird', peer('alpha'));
  expect((await later.units()).bird?.error).toBeNull();
  expect(await later.protocols()).toEqual(['device1', 'alpha']);
});

it('names the resource whose template or owner is wrong', async () => {
  const { units, template } = await withBird();
  await template('bird', '{{getv "/none"}}');
  expect((await units()).bird?.error?.message).toMatch(/template resource bird \(.*bird\.toml\): .*\/none/);
  const owned = await withBird({}, { lines: 'owner = "no-such-user"' });
  expect((await owned.units()).bird?.error?.message).toMatch(/template resource bird .*"no-such-user"/);
});
