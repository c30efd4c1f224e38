import { describe, expect, it } from 'vitest';
import { StageError } from '../../src/core/errors.ts';
import { type GenerationPlace, Generations } from '../../src/datastore/generations.ts';
import { KeySpace } from '../../src/datastore/key-space.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A copy whose generations end as `faults` say, one after the other; the last one stays. Chance is always nearly the worst. */
async function waitsAfter(...faults: readonly string[]): Promise<readonly unknown[]> {
  const clock = new FakeClock();
  const waits: unknown[] = [];
  const space = new KeySpace(['/']);
  const copy = { listings: 1, isComplete: true, snapshot: () => space.snapshot(), forgetPosition: () => undefined };
  const left = [...faults];
  const follow = async ({ onInSync }: GenerationPlace): Promise<never> => {
    onInSync();
    const code = left.shift();
    if (code === undefined) return new Promise<never>(() => undefined);
    throw new StageError('datastore', code, code, { retryable: true });
  };
  const log = (event: string, { retryInMs }: Record<string, unknown>) => {
    if (event === 'datastore-lost') waits.push(retryInMs);
  };
  const surroundings = { clock, resyncIntervalMs: 60_000, log, random: () => 0.999_999 };
  const store = new Generations(['http://etcd'], surroundings, () => ({ copy, follow }));
  await store.start(['/'], () => undefined, new AbortController().signal);
  for (const _ of faults) await clock.advance(60_000);
  await store.close();
  return waits;
}

describe('a fleet that lost its store', () => {
  it('resumes soon, each node at a moment of its own', async () => {
    expect(await waitsAfter('unreachable')).toEqual([250]);
  });

  it('spreads its lists over five seconds where all have to list at once', async () => {
    for (const code of ['compacted', 'cluster-changed', 'revision-went-back', 'watch-cancelled'])
      expect(await waitsAfter(code)).toEqual([5_250]);
  });

  it('does not keep a node waiting for what only it has met', async () => {
    expect(await waitsAfter('missed-by-watch', 'auth-expired')).toEqual([250, 500]);
  });
});
