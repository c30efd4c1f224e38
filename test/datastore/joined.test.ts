import { rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StageError } from '../../src/core/errors.ts';
import type { Datastore } from '../../src/datastore/datastore.ts';
import { FilesDatastore } from '../../src/datastore/files.ts';
import { JoinedDatastore } from '../../src/datastore/joined.ts';
import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock, turn } from '../support/fake-clock.ts';
import { temporaryFolder } from '../support/folder.ts';
import { datastoreContract } from './contract.ts';

const SERVICES = 'k8s:/Service/';
const POOLS = '/calico/pools/';
const PREFIXES = [POOLS, SERVICES];

/** A memory datastore whose start the test lets through, or fails. */
class SlowDatastore extends MemoryDatastore {
  open: () => void = () => undefined;
  fail: (error: unknown) => void = () => undefined;
  readonly #gate = new Promise<void>((resolve, reject) => {
    this.open = resolve;
    this.fail = reject;
  });
  isClosed = false;

  override async start(...args: Parameters<Datastore['start']>): Promise<void> {
    await this.#gate;
    await super.start(...args);
  }

  override async close(): Promise<void> {
    this.isClosed = true;
    await super.close();
  }
}

function sideBySide(primary: Datastore, ...secondaries: readonly Datastore[]) {
  const clock = new FakeClock();
  const store = new JoinedDatastore(primary, secondaries, { clock });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  let calls = 0;
  const state = { settled: false };
  const start = () => {
    const starting = store.start(PREFIXES, () => calls++, stop.signal);
    const settle = () => {
      state.settled = true;
    };
    starting.then(settle, settle);
    return starting;
  };
  const values = (prefix: string) =>
    Object.fromEntries([...store.snapshot().entries(prefix)].map(([key, { value }]) => [key, value]));
  return { store, clock, start, state, values, stop, calls: () => calls };
}

datastoreContract('joined, with everything in the primary', async () => {
  const folder = await temporaryFolder();
  const primary = new MemoryDatastore();
  const files = new FilesDatastore([folder], { log: () => undefined });
  return {
    store: new JoinedDatastore(primary, [files], { clock: new FakeClock() }),
    put: (key, value) => primary.put(key, value),
    delete: (key) => primary.delete(key),
    stop: () => undefined,
  };
});

datastoreContract('joined, with everything in a secondary', async () => {
  const folder = await temporaryFolder();
  const files = new FilesDatastore([folder], { log: () => undefined });
  const fileOf = (key: string) => join(folder, `${encodeURIComponent(key)}.json`);
  let writes = 0;
  return {
    store: new JoinedDatastore(new MemoryDatastore(), [new MemoryDatastore(), files], { clock: new FakeClock() }),
    put: async (key, value) => {
      const beside = join(folder, `.${writes++}.tmp`);
      await writeFile(beside, JSON.stringify({ [key]: value }));
      await rename(beside, fileOf(key));
    },
    delete: (key) => unlink(fileOf(key)),
    another: () => new FilesDatastore([folder], { log: () => undefined }),
    stop: () => undefined,
  };
});

describe('entries side by side', () => {
  it('come from every datastore; on the same key the primary wins, then the first secondary', async () => {
    const primary = new MemoryDatastore({ [`${POOLS}a`]: 'p' });
    const one = new MemoryDatastore({ [`${POOLS}a`]: '1', [`${POOLS}b`]: '1', [`${SERVICES}n/s`]: '1' });
    const two = new MemoryDatastore({ [`${POOLS}b`]: '2', [`${POOLS}c`]: '2' });
    const { start, values } = sideBySide(primary, one, two);
    await start();
    expect(values(POOLS)).toEqual({ [`${POOLS}a`]: 'p', [`${POOLS}b`]: '1', [`${POOLS}c`]: '2' });
    expect(values(SERVICES)).toEqual({ [`${SERVICES}n/s`]: '1' });
    primary.delete(`${POOLS}a`);
    one.delete(`${POOLS}b`);
    expect(values(POOLS)).toEqual({ [`${POOLS}a`]: '1', [`${POOLS}b`]: '2', [`${POOLS}c`]: '2' });
  });

  it('are the same snapshot, Map and number while nothing of it changes, also behind a value that wins', async () => {
    const primary = new MemoryDatastore({ [`${POOLS}a`]: 'p' });
    const secondary = new MemoryDatastore({ [`${POOLS}a`]: '1', [`${POOLS}b`]: '1' });
    const { start, store, calls } = sideBySide(primary, secondary);
    await start();
    const before = store.snapshot();
    expect(store.snapshot()).toBe(before);
    secondary.put(`${POOLS}a`, 'hidden');
    const hidden = store.snapshot();
    expect(hidden.generation).toBe(before.generation);
    expect(hidden.entries(POOLS)).toBe(before.entries(POOLS));
    expect(hidden.revision).not.toBe(before.revision);
    secondary.put(`${SERVICES}n/s`, '1');
    const after = store.snapshot();
    expect(after.generation).toBeGreaterThan(before.generation);
    expect(after.entries(POOLS)).toBe(before.entries(POOLS));
    expect(before.entries(SERVICES).size).toBe(0);
    expect(calls()).toBe(2);
  });
});

describe('a secondary without its first full copy', () => {
  it('holds the start until it has one', async () => {
    const secondary = new SlowDatastore({ [`${SERVICES}n/s`]: '1' });
    const { start, store, values, clock, state } = sideBySide(new MemoryDatastore(), secondary);
    const starting = start();
    await clock.advance(29_999);
    expect(state.settled).toBe(false);
    expect(() => store.snapshot()).toThrow('bug');
    expect(store.health().inSync).toBe(false);
    secondary.open();
    await starting;
    expect(values(SERVICES)).toEqual({ [`${SERVICES}n/s`]: '1' });
    expect(store.health()).toEqual({ inSync: true, staleSince: null, lastError: null });
  });

  it('does so for 30 s; then it is missed until it comes, and told when it does', async () => {
    const secondary = new SlowDatastore({ [`${POOLS}b`]: '1' });
    const { start, store, values, clock, calls } = sideBySide(new MemoryDatastore({ [`${POOLS}a`]: 'p' }), secondary);
    const starting = start();
    await clock.advance(30_000);
    await starting;
    const before = store.snapshot();
    expect(values(POOLS)).toEqual({ [`${POOLS}a`]: 'p' });
    expect(store.health()).toMatchObject({
      inSync: true,
      lastError: { code: 'secondary-late', stage: 'datastore', retryable: true },
    });
    expect(calls()).toBe(0);
    secondary.open();
    await turn();
    expect(calls()).toBe(1);
    expect(values(POOLS)).toEqual({ [`${POOLS}a`]: 'p', [`${POOLS}b`]: '1' });
    expect(store.snapshot().generation).toBeGreaterThan(before.generation);
    expect(store.health().lastError).toBeNull();
  });

  it('does not shorten the wait for the primary', async () => {
    const primary = new SlowDatastore({ [`${POOLS}a`]: 'p' });
    const { start, clock, state, values } = sideBySide(primary, new MemoryDatastore());
    const starting = start();
    await clock.advance(300_000);
    expect(state.settled).toBe(false);
    primary.open();
    await starting;
    expect(values(POOLS)).toEqual({ [`${POOLS}a`]: 'p' });
  });
});

describe('a start that fails', () => {
  const missing = () => new StageError('datastore', 'input-missing', 'no such file', { retryable: false });

  it('rejects at once, whoever of them fails, and closes all on close', async () => {
    for (const failing of [0, 1]) {
      const both = [new SlowDatastore(), new SlowDatastore()] as const;
      const { start, store } = sideBySide(...both);
      const starting = start();
      const error = missing();
      both[failing]!.fail(error);
      await expect(starting).rejects.toBe(error);
      await store.close();
      expect(both.map(({ isClosed }) => isClosed)).toEqual([true, true]);
    }
  });

  it('of a secondary after the wait is told by the health, and the rest goes on', async () => {
    const secondary = new SlowDatastore();
    const primary = new MemoryDatastore();
    const { start, store, clock, values } = sideBySide(primary, secondary);
    const starting = start();
    await clock.advance(30_000);
    await starting;
    const error = missing();
    secondary.fail(error);
    await turn();
    expect(store.health()).toEqual({ inSync: true, staleSince: null, lastError: error });
    primary.put(`${POOLS}a`, 'p');
    expect(values(POOLS)).toEqual({ [`${POOLS}a`]: 'p' });
  });
});

describe('the health', () => {
  it('is that of the files beside, too', async () => {
    const folder = await temporaryFolder();
    const files = new FilesDatastore([folder], { log: () => undefined });
    const { start, store } = sideBySide(new MemoryDatastore(), files);
    onTestFinished(() => store.close());
    await start();
    await writeFile(join(folder, 'a.yaml'), 'a: [');
    await eventually(() => expect(store.health().lastError).toMatchObject({ code: 'input-unreadable' }));
    await rename(folder, `${folder}.gone`);
    onTestFinished(() => rename(`${folder}.gone`, folder));
    await eventually(() => expect(store.health()).toMatchObject({ inSync: false, staleSince: expect.any(Number) }));
  });
});

it('lets the snapshots go that nobody keeps', async () => {
  const primary = new MemoryDatastore();
  const store = new JoinedDatastore(primary, [new MemoryDatastore()], { clock: new FakeClock() });
  await store.start(PREFIXES, () => undefined, new AbortController().signal);
  const first = new WeakRef(store.snapshot());
  for (const value of ['1', '2']) {
    primary.put(`${POOLS}a`, value);
    store.snapshot();
  }
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  await eventually(async () => {
    collect();
    await turn();
    expect(first.deref()).toBeUndefined();
  });
  expect(store.snapshot().entries(POOLS).get(`${POOLS}a`)?.value).toBe('2');
});
