import { describe, expect, it, vi } from 'vitest';
import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { VettedDatastore } from '../../src/datastore/vetted.ts';
import { eventually } from '../support/eventually.ts';
import { datastoreContract } from './contract.ts';

const PREFIX = '/p/';
const OTHER = '/q/';

/** A judge who refuses what says "bad", and who waits for `open` where a value says "slow". */
function judged(values: Readonly<Record<string, string>>) {
  const inner = new MemoryDatastore(values);
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const judge = vi.fn(async (_: string, value: string) => {
    if (value.includes('slow')) await opened;
    return value.includes('bad') ? 'it is bad' : null;
  });
  const store = new VettedDatastore(inner, {
    prefix: PREFIX,
    isJudged: (key) => key.startsWith('/p/raw/'),
    judge,
    diagnosticOf: (key, message) => ({ severity: 'error', code: 'refused', key, path: [], message }),
  });
  const onNewer = vi.fn();
  const start = () => store.start([PREFIX, OTHER], onNewer, new AbortController().signal);
  const shown = () => Object.fromEntries([...store.snapshot().entries(PREFIX)].map(([key, { value }]) => [key, value]));
  const refused = () => store.snapshot().diagnostics.map(({ key, message }) => [key, message]);
  return { inner, store, start, judge, onNewer, shown, refused, open: () => open() };
}

datastoreContract('vetted', async () => {
  const inner = new MemoryDatastore();
  const store = new VettedDatastore(inner, {
    prefix: '/calico/resources/v3/projectcalico.org/ippools/',
    isJudged: () => true,
    judge: async () => null,
    diagnosticOf: (key, message) => ({ severity: 'error', code: 'refused', key, path: [], message }),
  });
  return { store, put: (k, v) => inner.put(k, v), delete: (k) => inner.delete(k), stop: () => undefined };
});

describe('entries that are judged', () => {
  it('show when they passed, are told when not, and nothing else is judged', async () => {
    const { start, shown, refused, judge } = judged({
      '/p/raw/a': 'good',
      '/p/raw/b': 'bad',
      '/p/c': 'bad',
      '/q/d': 'bad',
    });
    await start();
    expect(shown()).toEqual({ '/p/raw/a': 'good', '/p/c': 'bad' });
    expect(refused()).toEqual([['/p/raw/b', 'it is bad']]);
    expect(judge).toHaveBeenCalledTimes(2);
  });

  it('keep the value that passed last while a new one is judged, and when it is refused', async () => {
    const { inner, start, shown, refused, onNewer, open } = judged({ '/p/raw/a': 'good' });
    await start();
    inner.put('/p/raw/a', 'slow and bad');
    expect(shown()).toEqual({ '/p/raw/a': 'good' });
    expect(onNewer).not.toHaveBeenCalled();
    open();
    await eventually(() => expect(refused()).toEqual([['/p/raw/a', 'it is bad']]));
    expect(shown()).toEqual({ '/p/raw/a': 'good' });
    inner.put('/p/raw/a', 'better');
    await eventually(() => expect(shown()).toEqual({ '/p/raw/a': 'better' }));
    expect(refused()).toEqual([]);
  });

  it('are forgotten with their key', async () => {
    const { inner, start, shown, refused, onNewer, judge } = judged({ '/p/raw/a': 'good', '/p/raw/b': 'bad' });
    await start();
    inner.delete('/p/raw/a');
    inner.delete('/p/raw/b');
    await eventually(() => expect(refused()).toEqual([]));
    expect(shown()).toEqual({});
    await eventually(() => expect(onNewer).toHaveBeenCalledTimes(2));
    inner.put('/p/raw/b', 'bad');
    await eventually(() => expect(judge).toHaveBeenCalledTimes(3));
    await eventually(() => expect(refused()).toHaveLength(1));
  });
});
