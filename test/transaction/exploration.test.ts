import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/core/digest.ts';
import { drive } from '../../src/transaction/drive.ts';
import { after, IDLE, mayBegin } from '../../src/transaction/machine.ts';
import { type Fate, Killed, ModelWorld } from './model-world.ts';
import { explore, type Schedule } from './schedule.ts';

const [A, B, C] = [digestOf('A'), digestOf('B'), digestOf('C')];

/** True where it came to rest. */
async function driven(world: ModelWorld): Promise<boolean> {
  const { txn, error } = await drive(world.ledger, world);
  if (error?.cause instanceof Killed) throw error.cause;
  if (txn !== world.ledger) await world.save(txn);
  return error === null;
}

/** As the passes do: each finishes what must not be left, begins what is wanted, and drives it. True once nothing is left to do. */
async function onePass(world: ModelWorld, wanted: typeof A, timer: boolean): Promise<boolean> {
  if (!mayBegin(world.ledger) && !(await driven(world))) return false;
  const { ledger } = world;
  const isNew = ledger.at === 'idle' ? world.disk !== wanted : !('to' in ledger) || ledger.to !== wanted;
  if (isNew) {
    await world.save(after(ledger, { is: 'begin', from: A, to: wanted, timer, isOnDisk: false }));
  }
  if (!(await driven(world))) return false;
  const now = world.ledger;
  return now.at === 'idle' ? world.disk === wanted : now.at === 'held' && now.to === wanted;
}

async function luckily(pass: () => Promise<boolean>): Promise<boolean> {
  try {
    return await pass();
  } catch (error) {
    if (error instanceof Killed) return false; // and the next pass is another process's
    throw error;
  }
}

async function run(
  schedule: Schedule,
  fates: ReadonlyMap<typeof A, Fate>,
  wanted: readonly (typeof A)[],
  timer: boolean,
) {
  const world = new ModelWorld(schedule, A, fates);
  for (const each of wanted) {
    await luckily(() => onePass(world, each, timer));
  }
  const last = wanted.at(-1) ?? A;
  for (let i = 0; i < 2; i++) await luckily(() => onePass(world, last, timer));
  schedule.end();
  let isDone = false;
  for (let i = 0; i < 5 && !isDone; i++) {
    if (!world.bird) world.start();
    isDone = await luckily(() => onePass(world, last, timer)); // without any time passing: nothing is waited for
  }
  const { ledger, disk, bird, broken } = world;
  const good = fates.get(last) === 'good';
  const runs = good ? last : A;
  const found = { isDone, at: ledger.at, disk, running: bird?.running, timer: bird?.timer, broken };
  expect(found, schedule.story).toEqual({
    isDone: true,
    at: good ? 'idle' : 'held',
    disk: runs,
    running: runs,
    timer: false,
    broken: [],
  });
}

const fatesOf = (a: Fate, b: Fate, c: Fate) =>
  new Map([
    [A, a],
    [B, b],
    [C, c],
  ]);

describe('every fault at every step of a change', () => {
  it.each([
    ['good', false],
    ['good', true],
    ['refused', false],
    ['refused', true],
    ['unlike', false],
    ['unlike', true],
  ] as const)('one change that is %s, with a timer: %s', async (fate, timer) => {
    const count = await explore(2, (schedule) => run(schedule, fatesOf('good', fate, 'good'), [B], timer));
    expect(count).toBeGreaterThan(500);
  });

  it.each([
    ['to a third', 'good', [B, C]],
    ['to a third, behind a bad one', 'unlike', [B, C]],
    ['to a third, behind a refused one', 'refused', [B, C]],
    ['and back', 'good', [B, A]],
    ['and back, from a bad one', 'unlike', [B, A]],
  ] as const)('a change, and while it is not through another, %s', async (_, fate, wanted) => {
    for (const timer of [false, true]) {
      const count = await explore(2, (schedule) => run(schedule, fatesOf('good', fate, 'good'), wanted, timer));
      expect(count).toBeGreaterThan(500);
    }
  });

  it('a change that goes wrong where BIRD does not take what it ran before either', async () => {
    for (const timer of [false, true])
      await explore(0, (schedule) => run(schedule, fatesOf('refused', 'unlike', 'good'), [B], timer));
  });

  it('begins nothing at rest', async () => {
    const world = new ModelWorld(
      { choose: (first: string) => first } as unknown as Schedule,
      A,
      new Map([[A, 'good']]),
    );
    expect(await drive(IDLE, world)).toEqual({ txn: IDLE, error: null, seen: null });
  });
});
