import { rm, writeFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { groupLoop } from '../../src/confd/group-loop.ts';
import type { GroupReport } from '../../src/confd/group-pass.ts';
import { eventually } from '../support/eventually.ts';
import { groupBench } from './group-bench.ts';

const RELOAD = 'reload_cmd = "echo r >> DIR/reloads; test ! -e DIR/broken"';

/** A bench whose one group runs by its loop; each step of its time ends when what the loop then does is done. */
async function running(lines: string, { intervalMs = 3_600_000 } = {}) {
  const bench = await groupBench({ one: lines }, { '/v': '0' });
  const [group] = bench.groups;
  if (!group) throw new Error(bench.faults().join());
  const stop = new AbortController();
  const reports: GroupReport[] = [];
  let passes = 0;
  let isBusy = false;
  const pass: typeof group.pass = async (options) => {
    passes++;
    isBusy = true;
    return group.pass(options).finally(() => {
      isBusy = false;
    });
  };
  const status = { record: (report: GroupReport) => void reports.push(report) };
  const { clock, context } = bench;
  const signals = { signal: stop.signal, now: new AbortController().signal };
  const loop = groupLoop({ ...group, pass }, { clock, log: context.log, status, intervalMs }, signals);
  onTestFinished(async () => {
    stop.abort();
    await loop;
  });
  /** Files and commands take real time, in which the clock stands still. */
  const advance = async (ms: number) => {
    for (const end = clock.now() + ms; clock.now() < end; ) {
      await clock.advance(Math.min(50, end - clock.now()));
      await eventually(() => expect(isBusy).toBe(false));
    }
  };
  await eventually(() => expect(reports).not.toHaveLength(0));
  return { ...bench, reports, advance, passes: () => passes, last: () => reports.at(-1)?.units[0] };
}

it('with wait, min begins anew with every change', async () => {
  const loop = await running(`wait = {min = "1s", max = "60s"}\n${RELOAD}`);
  await loop.advance(1_100);
  expect(await loop.text('out/one')).toBe('v=0\n');
  for (const value of ['1', '2', '3', '4', '5']) {
    loop.store.put('/v', value);
    await loop.advance(900);
  }
  expect(await loop.text('out/one')).toBe('v=0\n');
  await loop.advance(200);
  expect(await loop.text('out/one')).toBe('v=5\n');
  expect(await loop.lines('reloads')).toHaveLength(2);
});

it('with wait, max is the end of it although changes never end', async () => {
  const loop = await running(`wait = {min = "1s", max = "3s"}\n${RELOAD}`);
  await loop.advance(1_100);
  for (let i = 1; i <= 8; i++) {
    loop.store.put('/v', `${i}`);
    await loop.advance(500);
  }
  expect(await loop.lines('reloads')).toHaveLength(2);
  expect(Number((await loop.text('out/one'))?.slice(2))).toBeGreaterThanOrEqual(5);
  await loop.advance(3_000);
  expect(await loop.text('out/one')).toBe('v=8\n');
});

it('with debounce, many changes are one', async () => {
  const loop = await running(`debounce = "2s"\n${RELOAD}`);
  await loop.advance(2_100);
  for (let i = 1; i <= 12; i++) {
    loop.store.put('/v', `${i}`);
    await loop.advance(500);
  }
  await loop.advance(2_000);
  expect(await loop.text('out/one')).toBe('v=12\n');
  expect(await loop.lines('reloads')).toHaveLength(2);
});

it('without either, a change after a rest is applied at once', async () => {
  const loop = await running(RELOAD);
  await loop.advance(5_000);
  loop.store.put('/v', '1');
  await loop.advance(50);
  expect(await loop.text('out/one')).toBe('v=1\n');
});

it('with min_reload_interval, writes at once, and reloads later, once, and never not', async () => {
  const loop = await running(`min_reload_interval = "10s"\n${RELOAD}`);
  await loop.advance(5_000);
  for (const value of ['1', '2', '3']) {
    loop.store.put('/v', value);
    await loop.advance(1_000);
  }
  expect(await loop.text('out/one')).toBe('v=3\n');
  expect(await loop.lines('reloads')).toHaveLength(1);
  expect(loop.last()).toMatchObject({ outcome: 'owed', error: null });
  await loop.advance(2_500);
  expect(await loop.lines('reloads')).toHaveLength(2);
  expect(loop.last()?.outcome).toBe('confirmed');
  await loop.advance(60_000);
  expect(await loop.lines('reloads')).toHaveLength(2);
});

it('with retry, tries again by its delays, as often as it may, and as often again at the next change', async () => {
  const loop = await running(`retry = {max_attempts = 3, base_delay = "1s", max_delay = "2s"}\n${RELOAD}`);
  await writeFile(loop.at('broken'), '');
  loop.store.put('/v', '1');
  await loop.advance(200);
  expect(await loop.lines('reloads')).toHaveLength(2);
  expect(loop.last()).toMatchObject({ outcome: 'owed', error: { retryable: true } });
  await loop.advance(600);
  expect(await loop.lines('reloads')).toHaveLength(2);
  await loop.advance(500);
  expect(await loop.lines('reloads')).toHaveLength(3);
  await loop.advance(2_000);
  expect(await loop.lines('reloads')).toHaveLength(4);
  await loop.advance(120_000);
  expect(await loop.lines('reloads')).toHaveLength(4);
  expect(loop.last()).toMatchObject({ outcome: 'owed', error: { retryable: false } });
  loop.store.put('/v', '2');
  await loop.advance(120_000);
  expect(await loop.lines('reloads')).toHaveLength(7);
  await rm(loop.at('broken'));
  loop.store.put('/v', '3');
  await loop.advance(200);
  expect(loop.last()).toMatchObject({ outcome: 'confirmed', error: null });
});

it('with wait and retry, waiting for quiet is no try that went well', async () => {
  const failing = 'check_cmd = "kill -9 $$"\nretry = {max_attempts = 2, base_delay = "100ms"}\nwait = {min = "100ms"}';
  const loop = await running(failing);
  await loop.advance(60_000);
  const tries = loop.reports.filter(({ outcome }) => outcome !== 'waiting');
  expect(tries.map(({ error }) => error?.retryable)).toEqual([true, false]);
});

it('goes on trying for ever where no number is given', async () => {
  const loop = await running(`retry = {base_delay = "1s", max_delay = "1s"}\n${RELOAD}`);
  await writeFile(loop.at('broken'), '');
  loop.store.put('/v', '1');
  await loop.advance(30_000);
  expect((await loop.lines('reloads')).length).toBeGreaterThan(25);
});

it('looks at everything at each interval, and repairs what others have changed', async () => {
  const loop = await running(RELOAD, { intervalMs: 60_000 });
  await writeFile(loop.at('out/one'), 'other\n');
  await loop.advance(59_000);
  expect(await loop.text('out/one')).toBe('other\n');
  await loop.advance(1_100);
  expect(await loop.text('out/one')).toBe('v=0\n');
  expect(await loop.lines('reloads')).toHaveLength(2);
});
