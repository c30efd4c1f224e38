import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boot, type Machine } from '../../src/pass/boot.ts';
import { startBird, type TestBird } from '../support/bird.ts';
import { SMALL_CLUSTER } from '../support/cluster.ts';
import { BOOT_CONFIG, TargetBench } from '../support/target-bench.ts';

const MACHINE: Machine = {
  addresses: ['127.0.0.1', '192.0.2.1'],
  maxStaleMs: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
};

describe('what BIRD finds when it starts', () => {
  let bird: TestBird;
  let bench: TargetBench;
  beforeEach(async () => {
    bird = await startBird(BOOT_CONFIG);
    bench = await TargetBench.over(bird, SMALL_CLUSTER);
  });
  afterEach(() => bird.stop());

  /** The machine after one confirmed pass, with BIRD gone and nothing but the state directory left. */
  const gone = async () => {
    expect(await (await bench.process()).pass()).toMatchObject({ outcome: 'confirmed' });
    const text = await bench.file;
    await bird.crash();
    await rm(bird.configFile);
    return text;
  };
  const bootWith = async (machine: Partial<Machine> = {}, options: Parameters<TargetBench['process']>[0] = {}) => {
    const { target, place } = await bench.process(options);
    return boot(target, place, { ...MACHINE, ...machine });
  };

  it('is the last confirmed bundle, which the first pass has confirmed anew', async () => {
    const text = await gone();
    expect(await bootWith()).toMatchObject({ finds: 'kept' });
    expect(await bench.file).toBe(text);
    expect(await bench.ledger()).toMatchObject({ confirmed: null, txn: { at: 'idle' }, foreignWrites: [] });
    await bird.restart();
    expect(await (await bench.process()).pass()).toMatchObject({ outcome: 'confirmed', steps: ['reload'], hold: null });
    expect((await bench.ledger()).foreignWrites).toEqual([]);
  });

  it('is what BIRD confirmed, not the change that was under way', async () => {
    const text = await gone();
    const { place } = await bench.process();
    const from = place.ledger.history[0]!.bytes;
    await place.save({ txn: { at: 'committing', from, to: from, timer: false, stray: false } });
    await writeFile(bird.configFile, 'half of another one');
    expect(await bootWith()).toMatchObject({ finds: 'kept' });
    expect(await bench.file).toBe(text);
    expect((await bench.ledger()).txn).toEqual({ at: 'idle' });
  });

  it.each([
    ['another node', {}, { node: 'node-b' }, /^the last confirmed bundle is of node node-a$/],
    ['another address', { addresses: ['192.0.2.7'] }, {}, /^its sessions speak from 192\.0\.2\.1, /],
    ['an old one', { maxStaleMs: -1 }, {}, /--max-stale/],
    ['a BIRD that refuses it', {}, { binary: '/usr/sbin/bird6' }, /^BIRD refuses /],
  ] as const)('is nothing for %s, until the first pass', async (_, machine, options, why) => {
    const text = await gone();
    await writeFile(bird.configFile, text);
    expect(await bootWith(machine, options)).toEqual({ finds: 'none', why: expect.stringMatching(why) });
    expect((await readdir(bird.dir)).filter((name) => name.startsWith('bird.conf'))).not.toContain('bird.conf');
    const process = await bench.process();
    expect(await process.pass()).toMatchObject({ outcome: 'failed', error: { code: 'socket-refused' }, hold: null });
    expect(await bench.file).toBe(text);
    expect((await bench.ledger()).foreignWrites).toEqual([]);
  });

  it('is nothing where the kept files are damaged', async () => {
    await gone();
    const { history } = await bench.ledger();
    await writeFile(join(bench.stateDir, 'bundles', 'bird', history[0]!.bytes, 'bird.conf'), 'router id 192.0.2.1;');
    expect(await bootWith()).toEqual({ finds: 'none', why: expect.stringContaining('not whole') });
  });

  it('is what lies there where nothing was ever written from this state directory', async () => {
    await bird.crash();
    expect(await bootWith()).toMatchObject({ finds: 'untouched' });
    expect(await readFile(bird.configFile, 'utf8')).toBe(BOOT_CONFIG);
  });

  it('is not changed under a BIRD that runs', async () => {
    expect(await (await bench.process()).pass()).toMatchObject({ outcome: 'confirmed' });
    const before = await bench.ledger();
    expect(await bootWith({ addresses: [] })).toEqual({ finds: 'untouched', why: 'BIRD runs already' });
    expect(await bench.ledger()).toEqual(before);
  });
});
