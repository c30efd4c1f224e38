import { rm, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { groupBench } from './group-bench.ts';

it('a reload that failed is owed, and no min_reload_interval makes it look well', async () => {
  const reload = 'reload_cmd = "echo r >> DIR/reloads; test ! -e DIR/broken"\nmin_reload_interval = "1h"';
  const bench = await groupBench({ one: reload }, { '/v': '1' });
  await writeFile(bench.at('broken'), '');
  expect((await bench.units()).one).toMatchObject({ outcome: 'owed', error: { code: 'command-failed' } });
  expect((await bench.units()).one).toMatchObject({ outcome: 'owed', error: { code: 'command-failed' } });
  await rm(bench.at('broken'));
  expect((await bench.units()).one).toMatchObject({ outcome: 'confirmed', error: null });
  bench.store.put('/v', '2');
  expect((await bench.units()).one).toMatchObject({ outcome: 'put-off', error: null });
  await bench.clock.advance(3_600_000);
  expect((await bench.units()).one).toMatchObject({ outcome: 'confirmed', error: null });
  expect(await bench.lines('reloads')).toHaveLength(4);
});

it('a pass that begins after the end does nothing, and hides no fault', async () => {
  const bench = await groupBench({ one: 'check_cmd = "false"' }, { '/v': '1' });
  expect((await bench.units()).one).toMatchObject({ outcome: 'failed' });
  const over = AbortSignal.abort();
  for (const group of bench.groups) {
    const { units } = await group.pass({ isQuiet: true, stop: over, signal: new AbortController().signal });
    expect(units).toMatchObject([{ outcome: 'stopped', error: null }]);
  }
  expect(bench.told.map(({ event }) => event)).toEqual(['failed']);
  expect(await bench.names('out')).toEqual([]);
});
