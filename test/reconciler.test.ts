import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Dirty } from '../src/core/dirty.ts';
import { StageError } from '../src/core/errors.ts';
import type { PassReport } from '../src/pass/pass-report.ts';
import { backoffMs, reconcile } from '../src/reconciler.ts';
import type { Hold } from '../src/transaction/holds.ts';
import { FakeClock, turn } from './support/fake-clock.ts';

const PACING = { quietMs: 500, maxWaitMs: 5_000, resyncMs: 300_000, pollMs: 10_000 };
const DONE: PassReport = {
  outcome: 'unchanged',
  steps: [],
  error: null,
  diagnostics: [],
  revision: '1',
  bundle: null,
  meaning: null,
  hold: null,
  timings: {},
};
const failed = (retryable: boolean): PassReport => ({
  ...DONE,
  outcome: 'failed',
  error: new StageError('reload', 'socket-refused', 'nobody there', { retryable }),
});

/** A loop whose passes the test lets go one by one. `world` is what a pass reads, as it reads the snapshot: when it begins. */
class Bench {
  readonly clock = new FakeClock();
  readonly dirty = new Dirty();
  readonly stop = new AbortController();
  readonly began: { readonly at: number; readonly saw: number; readonly isQuiet: boolean }[] = [];
  readonly polls: number[] = [];
  isAnother = false;
  world = 0;
  next: PassReport = DONE;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => {};
  readonly done: Promise<void>;
  readonly start = this.clock.now();

  constructor() {
    const pass = async (isQuiet: boolean) => {
      this.began.push({ at: this.clock.now() - this.start, saw: this.world, isQuiet });
      await this.#gate;
      return this.next;
    };
    const poll = async () => {
      this.polls.push(this.clock.now() - this.start);
      return this.isAnother;
    };
    this.done = reconcile(
      { dirty: this.dirty, clock: this.clock, pacing: PACING, random: () => 1, pass, poll },
      this.stop.signal,
    );
  }

  /** Holds the next pass inside until `release`. */
  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  release(): void {
    this.#open();
    this.#gate = Promise.resolve();
  }

  change(): void {
    this.world++;
    this.dirty.raise();
  }

  get times(): number[] {
    return this.began.map(({ at }) => at);
  }
}

describe('the loop of one target', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = new Bench();
    await turn();
  });
  afterEach(async () => {
    bench.stop.abort();
    bench.release();
    await bench.done;
  });

  it('makes a first pass at once, without being raised', () => {
    expect(bench.times).toEqual([0]);
  });

  it('answers the first change after quiet at once', async () => {
    await bench.clock.advance(10_000);
    bench.change();
    await turn();
    expect(bench.began.at(-1)).toMatchObject({ at: 10_000, saw: 1 });
  });

  it('gathers changes that follow each other closely, and then sees them all', async () => {
    await bench.clock.advance(10_000);
    for (let i = 0; i < 5; i++) {
      bench.change();
      await bench.clock.advance(50);
    }
    await bench.clock.advance(500);
    expect(bench.times).toEqual([0, 10_000, 10_300]);
    expect(bench.began[2]?.saw).toBe(5);
  });

  it('gathers for longer where a pass is dear, but never for much longer', async () => {
    for (const [took, wait] of [
      [60, 120],
      [2_000, 150],
    ] as const) {
      await bench.clock.advance(10_000);
      bench.hold();
      bench.change();
      await bench.clock.advance(took);
      bench.change();
      bench.release();
      const end = bench.clock.now() - bench.start;
      await bench.clock.advance(1_000);
      expect(bench.times.at(-1)).toBe(end + wait);
    }
  });

  it('plans again once it is quiet when sessions would restart, and lets nothing else wait', async () => {
    await bench.clock.advance(10_000);
    bench.next = { ...DONE, outcome: 'waiting' };
    bench.change();
    await bench.clock.advance(400);
    bench.change();
    await bench.clock.advance(499);
    expect(bench.began.slice(1)).toEqual([{ at: 10_000, saw: 1, isQuiet: false }]);
    await bench.clock.advance(1);
    expect(bench.began.slice(2)).toEqual([{ at: 10_900, saw: 2, isQuiet: true }]);
  });

  it('restarts sessions at last although it never gets quiet', async () => {
    await bench.clock.advance(10_000);
    bench.next = { ...DONE, outcome: 'waiting' };
    for (let i = 0; i < 60; i++) {
      bench.change();
      await bench.clock.advance(100);
    }
    expect(bench.began.filter(({ isQuiet }) => isQuiet).map(({ at }) => at)).toEqual([15_000]);
  });

  it('looks at BIRD while nothing else is to do, and makes a pass when it is another one', async () => {
    await bench.clock.advance(35_000);
    expect(bench.times).toEqual([0]);
    expect(bench.polls).toEqual([10_000, 20_000, 30_000]);
    bench.isAnother = true;
    await bench.clock.advance(5_000);
    expect(bench.times).toEqual([0, 40_000]);
  });

  it('looks at BIRD also while changes that ask nothing of it never end', async () => {
    for (let i = 0; i < 30; i++) {
      bench.change();
      await bench.clock.advance(1_000);
    }
    expect(bench.times.length).toBeGreaterThanOrEqual(30);
    expect(bench.polls).toEqual([10_000, 20_000, 30_000]);
  });

  it('does not look at a BIRD that it has just spoken to', async () => {
    await bench.clock.advance(5_000);
    bench.next = { ...DONE, outcome: 'confirmed', steps: ['commit', 'reload'] };
    bench.change();
    await bench.clock.advance(9_000);
    expect(bench.polls).toEqual([]);
    await bench.clock.advance(1_000);
    expect(bench.polls).toEqual([15_000]);
  });

  it('makes a pass when a hold ends by itself, and none for one that did not', async () => {
    const hold: Hold = { kinds: ['rollback'], since: 0, why: ['asked for'], until: bench.clock.now() + 60_000 };
    bench.next = { ...DONE, outcome: 'held', hold };
    bench.change();
    await bench.clock.advance(59_999);
    const passes = bench.times.length;
    await bench.clock.advance(1);
    expect(bench.times.slice(passes)).toEqual([60_000]);
    await bench.clock.advance(100_000);
    expect(bench.times.length).toBe(passes + 1);
  });

  it('does not wait for quiet for ever', async () => {
    for (let i = 0; i < 100; i++) {
      bench.change();
      await bench.clock.advance(100);
    }
    expect(bench.times[1]).toBeLessThanOrEqual(5_500);
    expect(bench.times.length).toBeGreaterThanOrEqual(2);
  });

  it('makes exactly one more pass for any number of changes during a pass', async () => {
    await bench.clock.advance(10_000);
    bench.hold();
    bench.change();
    await turn();
    bench.change();
    bench.change();
    bench.release();
    await bench.clock.advance(60_000);
    expect(bench.began.slice(1).map(({ saw }) => saw)).toEqual([1, 3]);
  });

  it('loses no change that comes while it waits for quiet', async () => {
    await bench.clock.advance(10_000);
    bench.change();
    await bench.clock.advance(100);
    bench.change();
    await bench.clock.advance(499);
    bench.change();
    await bench.clock.advance(60_000);
    expect(bench.began.at(-1)?.saw).toBe(3);
  });

  it('tries a retryable failure again with growing waits, and forgets them after a success', async () => {
    bench.next = failed(true);
    bench.change();
    await bench.clock.advance(100);
    const from = bench.times.at(-1) ?? 0;
    await bench.clock.advance(250 + 500 + 1_000);
    expect(bench.times.slice(-3).map((at) => at - from)).toEqual([250, 750, 1_750]);
    bench.next = DONE;
    await bench.clock.advance(2_000);
    const passes = bench.times.length;
    await bench.clock.advance(60_000);
    expect(bench.times.length).toBe(passes);
  });

  it('does not repeat a failure that no retry can cure until something changes', async () => {
    bench.next = failed(false);
    bench.change();
    await bench.clock.advance(60_000);
    const passes = bench.times.length;
    await bench.clock.advance(60_000);
    expect(bench.times.length).toBe(passes);
    bench.change();
    await turn();
    expect(bench.times.length).toBe(passes + 1);
  });

  it('looks at everything again after the resync interval', async () => {
    await bench.clock.advance(300_000);
    expect(bench.times).toEqual([0, 300_000]);
  });

  it('finishes the pass under way when it is stopped, and starts no other', async () => {
    await bench.clock.advance(10_000);
    bench.hold();
    bench.change();
    await turn();
    let over = false;
    const done = bench.done.then(() => {
      over = true;
    });
    bench.change();
    bench.stop.abort();
    await turn();
    expect(over).toBe(false);
    bench.release();
    await done;
    expect(bench.began.length).toBe(2);
  });
});

describe('backoff', () => {
  it('doubles from 250 ms to 30 s, less up to a quarter', () => {
    expect([1, 2, 3, 7, 8, 20].map((n) => backoffMs(n, () => 1))).toEqual([250, 500, 1_000, 16_000, 30_000, 30_000]);
    expect(backoffMs(8, () => 0)).toBe(22_500);
  });
});
