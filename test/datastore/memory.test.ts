import { expect, it } from 'vitest';
import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { datastoreContract } from './contract.ts';

datastoreContract('memory', async () => {
  const store = new MemoryDatastore();
  return {
    store,
    put: (key, value) => store.put(key, value),
    delete: (key) => store.delete(key),
    stop: () => undefined,
  };
});

it('counts a new reading as one where it changed anything, and keeps what it did not', async () => {
  const store = new MemoryDatastore({ '/a/1': 'one', '/a/2': 'two' });
  let newer = 0;
  await store.start(['/a/'], () => newer++, new AbortController().signal);
  const before = store.snapshot();
  store.put('/a/3', 'three');
  expect(store.snapshot().listing).toBe(before.listing);
  store.replaceAll([
    ['/a/1', 'one'],
    ['/a/2', 'other'],
  ]);
  const after = store.snapshot();
  expect(after.listing).not.toBe(before.listing);
  expect([...after.entries('/a/').keys()].sort()).toEqual(['/a/1', '/a/2']);
  expect(after.entries('/a/').get('/a/1')).toBe(before.entries('/a/').get('/a/1'));
  expect(newer).toBe(2);
});
