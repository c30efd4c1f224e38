import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { prefixesFor, V1_GLOBAL, V1_HOSTS } from '../../src/core/keys.ts';
import { Secret } from '../../src/core/secret.ts';
import type { EtcdCredentials } from '../../src/datastore/etcd-client.ts';
import { EtcdV2Datastore } from '../../src/datastore/etcd-v2.ts';
import { directoriesFor } from '../../src/datastore/etcd-v2-copy.ts';
import type { Surroundings } from '../../src/datastore/generations.ts';
import { credentials, freePort, startEtcd } from '../support/etcd.ts';
import { startEtcdMembers } from '../support/etcd-members.ts';
import { EtcdV2Keys } from '../support/etcd-v2-keys.ts';
import { eventually } from '../support/eventually.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { makeCertificates } from './etcd-certificates.ts';

const PREFIXES = prefixesFor('node-a', 'v1');
const AS = `${V1_GLOBAL}as_num`;
const IN_SYNC = { inSync: true, staleSince: null, lastError: null };

const cleanups: (() => Promise<unknown>)[] = [];
const use = <T extends { stop(): Promise<unknown> }>(made: T): T => {
  cleanups.push(() => made.stop());
  return made;
};
afterEach(async () => {
  for (const end of cleanups.splice(0).reverse()) await end();
});

/** A store that has not started; `lost` are the fields of what it said when it lost etcd. */
function storeFor(
  endpoints: readonly string[],
  { who, ...surroundings }: Partial<Surroundings> & { who?: Partial<EtcdCredentials> } = {},
) {
  const lost: Record<string, unknown>[] = [];
  const store = new EtcdV2Datastore(
    { endpoints, credentials: credentials(who) },
    {
      clock: systemClock,
      resyncIntervalMs: 60_000,
      log: (event, fields) => {
        if (event === 'datastore-lost') lost.push(fields);
      },
      random: () => 0,
      ...surroundings,
    },
  );
  cleanups.push(() => store.close());
  const start = () => store.start(PREFIXES, () => undefined, new AbortController().signal);
  return { store, lost, start };
}

const contentOf = (store: EtcdV2Datastore) =>
  Object.fromEntries(
    PREFIXES.flatMap((prefix) => [...store.snapshot().entries(prefix)].map(([key, { value }]) => [key, value])),
  );

const shows = (store: EtcdV2Datastore, content: Record<string, string>) =>
  eventually(() => {
    expect(contentOf(store)).toEqual(content);
    expect(store.health()).toEqual(IN_SYNC);
  });

it('reads the directories that hold the prefixes of one part of the tree, and no others', () => {
  expect(directoriesFor(PREFIXES)).toEqual(['/calico/bgp/v1', '/calico/v1/ipam', '/calico/ipam/v2/host/node-a']);
  expect(directoriesFor(['/a/b/c/d/', 'k8s:/Service/'])).toEqual(['/a/b/c/d']);
});

describe('directories', () => {
  it('are no keys, and take what is in them along when they go, also from above', async () => {
    const etcd = use(await startEtcd({ v2: true }));
    const keys = new EtcdV2Keys(etcd.endpoint);
    await keys.makeDirectory(`${V1_GLOBAL}loglevel`);
    await keys.put(`${V1_GLOBAL}loglevel/level`, 'debug');
    await keys.makeDirectory('/calico/v1/ipam/v4/pool');
    await keys.putAll({ [AS]: '64500', [`${V1_HOSTS}a/ip_addr_v4`]: '192.0.2.1', [`${V1_HOSTS}a/as_num`]: '64501' });
    const { store, start } = storeFor([etcd.endpoint]);
    await start();
    const rest = { [AS]: '64500', [`${V1_GLOBAL}loglevel/level`]: 'debug' };
    expect(contentOf(store)).toEqual({
      ...rest,
      [`${V1_HOSTS}a/ip_addr_v4`]: '192.0.2.1',
      [`${V1_HOSTS}a/as_num`]: '64501',
    });
    await keys.delete(`${V1_HOSTS}a`);
    await shows(store, rest);
    await keys.delete('/calico');
    await shows(store, {});
    await keys.put(AS, '64502');
    await shows(store, { [AS]: '64502' });
  });
});

describe('values', () => {
  it('come as text, with a replacement character for each byte that is none', async () => {
    const etcd = use(await startEtcd({ v2: true }));
    const keys = new EtcdV2Keys(etcd.endpoint);
    await keys.put(AS, Buffer.from([0x36, 0xff, 0x34]));
    await keys.put(`${V1_HOSTS}a b/ä%2F`, 'line\n');
    const { store, start } = storeFor([etcd.endpoint]);
    await start();
    expect(contentOf(store)).toEqual({ [AS]: '6\uFFFD4', [`${V1_HOSTS}a b/ä%2F`]: 'line\n' });
  });
});

describe('a connection', () => {
  it('that is lost for longer than etcd’s history costs a new list, and nothing else', async () => {
    const etcd = use(await startEtcd({ v2: true }));
    const keys = new EtcdV2Keys(etcd.endpoint);
    const proxy = use(await startTcpProxy(etcd.port));
    await keys.putAll({ [AS]: '64500', [`${V1_HOSTS}old/ip_addr_v4`]: '192.0.2.1' });
    const { store, lost, start } = storeFor([`http://127.0.0.1:${proxy.port}`]);
    await start();
    proxy.refuse();
    proxy.cut();
    await eventually(() => expect(lost).not.toEqual([]));
    expect(store.health()).toMatchObject({ inSync: false, lastError: { code: 'unreachable', retryable: true } });
    await keys.delete(`${V1_HOSTS}old`);
    // etcd keeps the last 1000 events of the whole cluster.
    for (let i = 0; i < 1_100; i += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, j) => keys.put(`/other/${j}`, String(i))));
    }
    expect(contentOf(store)).toHaveProperty([`${V1_HOSTS}old/ip_addr_v4`]);
    proxy.allow();
    await shows(store, { [AS]: '64500' });
  });

  it('that is deaf is noticed by a read, and replaced', async () => {
    const etcd = use(await startEtcd({ v2: true }));
    const keys = new EtcdV2Keys(etcd.endpoint);
    const proxy = use(await startTcpProxy(etcd.port));
    const { store, lost, start } = storeFor([`http://127.0.0.1:${proxy.port}`], {
      resyncIntervalMs: 300,
      timings: { graceMs: 100 },
    });
    await start();
    proxy.deafen();
    await keys.put(AS, '64500');
    await eventually(() => expect(lost).toMatchObject([{ code: 'missed-by-watch' }]));
    await shows(store, { [AS]: '64500' });
    expect(store.metrics.missedByWatch).toBe(1);
  });

  it('to a dead member is none: the next one is asked at once', async () => {
    const etcd = use(await startEtcd({ v2: true }));
    const { store, lost, start } = storeFor([`http://127.0.0.1:${await freePort()}`, etcd.endpoint]);
    await start();
    expect(store.health()).toEqual(IN_SYNC);
    expect(lost).toMatchObject([{ code: 'unreachable', retryInMs: 0 }]);
  });
});

describe('several members', () => {
  it('are one: what is written to one shows through another, also when the one that was asked is gone', async () => {
    const etcd = use(await startEtcdMembers(3));
    const [first = '', second = '', third = ''] = etcd.endpoints;
    await new EtcdV2Keys(second).put(AS, '64500');
    const { store, lost, start } = storeFor([first, third]);
    await start();
    expect(contentOf(store)).toEqual({ [AS]: '64500' });
    await new EtcdV2Keys(second).put(AS, '64501');
    await shows(store, { [AS]: '64501' });
    await etcd.kill9(0);
    await eventually(() => expect(lost).toMatchObject([{ code: 'unreachable', retryInMs: 0 }]));
    await eventually(() => new EtcdV2Keys(second).put(AS, '64502'), { timeoutMs: 20_000 });
    await shows(store, { [AS]: '64502' });
  });

  it('answer only with the majority: a lone one is no source of an old state', async () => {
    const etcd = use(await startEtcdMembers(3));
    const [first = ''] = etcd.endpoints;
    await new EtcdV2Keys(first).put(AS, '64500');
    await Promise.all([etcd.kill9(1), etcd.kill9(2)]);
    const { lost, start } = storeFor([first], { timings: { callMs: 1_000 } });
    const started = start().catch((error: unknown) => error);
    await eventually(() => expect(lost.length).toBeGreaterThan(0));
    for (const { code } of lost) expect(['timeout', 'unreachable']).toContain(code);
    await Promise.all(cleanups.splice(cleanups.length - 1).map((close) => close()));
    expect(await started).toMatchObject({ retryable: true });
  });
});

describe('a store', () => {
  it('that begins anew is taken over as it is', async () => {
    const etcd = use(await startEtcd({ v2: true }));
    await new EtcdV2Keys(etcd.endpoint).putAll({ [AS]: '64500', [`${V1_HOSTS}a/as_num`]: '64501' });
    const { store, start } = storeFor([etcd.endpoint]);
    await start();
    await etcd.restart({ wiped: true });
    await new EtcdV2Keys(etcd.endpoint).put(`${V1_HOSTS}b/as_num`, '64502');
    await shows(store, { [`${V1_HOSTS}b/as_num`]: '64502' });
  });

  it('without the v2 API is told from one without data', async () => {
    const etcd = use(await startEtcd());
    const { start } = storeFor([etcd.endpoint]);
    await expect(start()).rejects.toMatchObject({ stage: 'datastore', code: 'v2-disabled', retryable: false });
  });
});

describe('access', () => {
  it('needs the user and password that etcd asks for, and the role', async () => {
    const etcd = use(await startEtcd({ v2: true }));
    await new EtcdV2Keys(etcd.endpoint).put(AS, '64500');
    const root = new EtcdV2Keys(etcd.endpoint, { user: 'root', password: 'secret' });
    const permissions = { kv: { read: ['/calico/*'], write: [] } };
    await root.api('PUT', '/auth/users/root', { user: 'root', password: 'secret' });
    await root.api('PUT', '/auth/roles/reader', { role: 'reader', permissions });
    await root.api('PUT', '/auth/roles/other', { role: 'other', permissions: { kv: { read: ['/x/*'], write: [] } } });
    await root.api('PUT', '/auth/users/birdconfd', { user: 'birdconfd', password: 'a:secret', roles: ['reader'] });
    await root.api('PUT', '/auth/users/stranger', { user: 'stranger', password: 'a:secret', roles: ['other'] });
    await root.api('PUT', '/auth/enable', {});
    const revoke = { kv: { read: ['/*'], write: ['/*'] } };
    await root.api('PUT', '/auth/roles/guest', { role: 'guest', revoke });
    const as = (username: string, password: string) => ({ who: { username, password: new Secret(password) } });
    const good = storeFor([etcd.endpoint], as('birdconfd', 'a:secret'));
    await good.start();
    expect(contentOf(good.store)).toEqual({ [AS]: '64500' });
    await root.put(AS, '64501');
    await shows(good.store, { [AS]: '64501' });
    for (const refused of [as('birdconfd', 'wrong'), as('stranger', 'a:secret'), {}]) {
      await expect(storeFor([etcd.endpoint], refused).start()).rejects.toMatchObject({
        code: 'auth-failed',
        retryable: false,
      });
    }
  });

  it('goes over TLS with a client certificate, and fails without the authority', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'birdconfd-tls-'));
    cleanups.push(() => rm(dir, { recursive: true }));
    const tls = await makeCertificates(dir);
    const etcd = use(await startEtcd({ v2: true, tls }));
    const { ca: caCert, cert, key } = tls.client;
    const good = storeFor([etcd.endpoint], { who: { caCert, cert, key } });
    await good.start();
    expect(good.store.health()).toEqual(IN_SYNC);
    for (const who of [{ caCert }, { cert, key }]) {
      const { lost, start } = storeFor([etcd.endpoint], { who });
      const started = start().catch((error: unknown) => error);
      await eventually(() => expect(lost[0]).toMatchObject({ message: expect.stringContaining('certificate') }));
      await Promise.all(cleanups.splice(cleanups.length - 1).map((close) => close()));
      expect(await started).toMatchObject({ code: 'unreachable', retryable: true });
    }
    const broken = storeFor([etcd.endpoint], { who: { caCert, cert, key: Buffer.from('no key') } });
    await expect(broken.start()).rejects.toMatchObject({ code: 'tls-config', retryable: false });
  });
});
