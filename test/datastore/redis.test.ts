import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { RedisDatastore } from '../../src/datastore/redis.ts';
import { eventually } from '../support/eventually.ts';
import { startRedis } from '../support/redis.ts';
import { datastoreContract } from './contract.ts';

let redis: Awaited<ReturnType<typeof startRedis>>;
beforeAll(async () => {
  redis = await startRedis({ events: 'KA' });
});
afterAll(() => redis.stop());

const datastore = (separator = '/') =>
  new RedisDatastore(
    { nodes: [redis.path], password: null, separator },
    { clock: systemClock, resyncIntervalMs: 60_000, log: () => undefined },
  );

datastoreContract('redis', async () => {
  await redis.client.command('FLUSHALL');
  return {
    store: datastore(),
    another: datastore,
    put: async (key, value) => void (await redis.client.command('SET', key, value)),
    delete: async (key) => void (await redis.client.command('DEL', key)),
    stop: () => undefined,
  };
});

it('reads the fields of hashes as keys, and another separator as "/"', async () => {
  await redis.client.command('FLUSHALL');
  await redis.client.command('HSET', 'app:db', 'host', 'db1', 'port', '5432');
  await redis.client.command('SET', 'app:name', 'one');
  const store = datastore(':');
  await store.start(['/app'], () => undefined, new AbortController().signal);
  const values = () =>
    Object.fromEntries([...store.snapshot().entries('/app')].map(([key, { value }]) => [key, value]));
  try {
    expect(values()).toEqual({ '/app/db/host': 'db1', '/app/db/port': '5432', '/app/name': 'one' });
    await redis.client.command('HDEL', 'app:db', 'port');
    await eventually(() => expect(values()).toEqual({ '/app/db/host': 'db1', '/app/name': 'one' }));
  } finally {
    await store.close();
  }
});
