import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { sharedPrefix } from '../../src/core/keys.ts';
import { Secret } from '../../src/core/secret.ts';
import type { EtcdCredentials } from '../../src/datastore/etcd-client.ts';
import { EtcdV3Datastore } from '../../src/datastore/etcd-v3.ts';
import { credentials, freePort, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { makeCertificates } from './etcd-certificates.ts';

const NODES = '/calico/resources/v3/projectcalico.org/nodes/';
const AFFINITIES = '/calico/ipam/v2/host/a/';
const AUTH = { user: 'birdconfd', password: 'a secret', prefix: '/calico/' };

const cleanups: (() => Promise<unknown>)[] = [];
const use = <T extends { stop(): Promise<unknown> }>(made: T): T => {
  cleanups.push(() => made.stop());
  return made;
};
afterEach(async () => {
  for (const end of cleanups.splice(0).reverse()) await end();
});

/** A store that has not started; `lost` are the fields of what it said when it could not reach etcd. */
function storeFor(endpoints: readonly string[], who: Partial<EtcdCredentials> = {}) {
  const lost: Record<string, unknown>[] = [];
  const store = new EtcdV3Datastore(
    { endpoints, credentials: credentials(who) },
    {
      clock: systemClock,
      resyncIntervalMs: 60_000,
      log: (event, fields) => {
        if (event === 'datastore-lost') lost.push(fields);
      },
      random: () => 0,
    },
  );
  cleanups.push(() => store.close());
  const stop = new AbortController();
  const start = () => store.start([NODES, AFFINITIES], () => undefined, stop.signal);
  return { store, lost, start, abort: () => stop.abort() };
}

const keysOf = (store: EtcdV3Datastore) => [...store.snapshot().entries(NODES).keys()];
const asUser = (password: string) => ({ username: AUTH.user, password: new Secret(password) });

describe('user and password', () => {
  it('reads and watches with a role that may only read /calico/', async () => {
    const etcd = use(await startEtcd({ auth: AUTH }));
    await etcd.client.put(`${NODES}a`).value('{}');
    const { store, start } = storeFor([etcd.endpoint], asUser(AUTH.password));
    await start();
    expect(keysOf(store)).toEqual([`${NODES}a`]);
    await etcd.client.put(`${NODES}b`).value('{}');
    await eventually(() => expect(keysOf(store)).toEqual([`${NODES}a`, `${NODES}b`]));
  });

  it('rejects at once, and for good, with a wrong password, without one, and without permission', async () => {
    const etcd = use(await startEtcd({ auth: { ...AUTH, prefix: NODES } }));
    const began = Date.now();
    for (const [options, code] of [
      [asUser('wrong'), 'auth-failed'],
      [{}, 'auth-failed'],
      [asUser(AUTH.password), 'permission-denied'],
    ] as const) {
      const { start, lost } = storeFor([etcd.endpoint], options);
      await expect(start()).rejects.toMatchObject({ stage: 'datastore', code, retryable: false });
      expect(lost).toEqual([]);
    }
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  it('watches each prefix by itself when the role covers only the prefixes', async () => {
    const etcd = use(await startEtcd({ auth: { ...AUTH, prefix: NODES } }));
    await etcd.client.role('reader').grant({ permission: 'Read', range: etcd.client.range({ prefix: AFFINITIES }) });
    const proxy = use(await startTcpProxy(etcd.port));
    const { store, start, lost } = storeFor([`http://127.0.0.1:${proxy.port}`], asUser(AUTH.password));
    await start();
    expect(lost).toMatchObject([
      {
        code: 'range-refused',
        message: expect.stringContaining(`from ${sharedPrefix(AFFINITIES)} to ${NODES.slice(0, -1)}0`),
      },
    ]);
    await etcd.client.put(`${NODES}a`).value('{}');
    await etcd.client.put(`${AFFINITIES}b`).value('{}');
    const sizes = () => [NODES, AFFINITIES].map((prefix) => store.snapshot().entries(prefix).size);
    await eventually(() => expect(sizes()).toEqual([1, 1]));
    proxy.refuse();
    proxy.cut();
    await eventually(() => expect(lost).toHaveLength(2));
    await etcd.client.delete().key(`${NODES}a`);
    proxy.allow();
    await eventually(() => expect([sizes(), store.health().inSync]).toEqual([[0, 1], true]));
    expect(lost.slice(1).map(({ code }) => code)).not.toContain('range-refused');
  });

  it('is no hindrance to an etcd that asks for none', async () => {
    const etcd = use(await startEtcd());
    const { store, start } = storeFor([etcd.endpoint], asUser('any'));
    await start();
    expect(keysOf(store)).toEqual([]);
  });

  it('shows a password that is refused later, and goes on once it is accepted again', async () => {
    const etcd = use(await startEtcd({ auth: AUTH }));
    const proxy = use(await startTcpProxy(etcd.port));
    const { store, start } = storeFor([`http://127.0.0.1:${proxy.port}`], asUser(AUTH.password));
    await start();
    await etcd.client.user(AUTH.user).setPassword('another');
    proxy.cut();
    await eventually(() =>
      expect(store.health()).toMatchObject({ inSync: false, lastError: { code: 'auth-failed', retryable: false } }),
    );
    await etcd.client.user(AUTH.user).setPassword(AUTH.password);
    await etcd.client.put(`${NODES}a`).value('{}');
    await eventually(() => expect(store.health()).toEqual({ inSync: true, staleSince: null, lastError: null }));
    expect(keysOf(store)).toEqual([`${NODES}a`]);
  });
});

describe('TLS', () => {
  it('works with a client certificate, and says why it does not without one', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'birdconfd-tls-'));
    cleanups.push(() => rm(dir, { recursive: true }));
    const tls = await makeCertificates(dir);
    const etcd = use(await startEtcd({ tls }));
    await etcd.client.put(`${NODES}a`).value('{}');
    const { ca: caCert, cert, key } = tls.client;
    const good = storeFor([etcd.endpoint], { caCert, cert, key });
    await good.start();
    expect(keysOf(good.store)).toEqual([`${NODES}a`]);

    for (const options of [{ caCert }, { cert, key }]) {
      const { lost, start, abort } = storeFor([etcd.endpoint], options);
      const started = start();
      const messages = () => lost.map(({ message }) => message);
      await eventually(() => expect(messages()).toContainEqual(expect.stringContaining('certificate')));
      abort();
      await expect(started).rejects.toMatchObject({ code: 'unreachable', retryable: true });
    }
    const broken = storeFor([etcd.endpoint], { caCert, cert, key: Buffer.from('no key') });
    await expect(broken.start()).rejects.toMatchObject({ code: 'tls-config', retryable: false });
  });
});

describe('endpoints', () => {
  it('goes to the second endpoint at once when the first one is dead', async () => {
    const etcd = use(await startEtcd());
    const { store, lost, start } = storeFor([`http://127.0.0.1:${await freePort()}`, etcd.endpoint]);
    await start();
    expect(store.health().inSync).toBe(true);
    expect(lost).toMatchObject([{ code: 'unreachable', retryInMs: 0 }]);
    expect(store.metrics).toEqual({ relists: 0, reconnects: 1, missedByWatch: 0 });
  });

  it('says since when and why it waits, backs off, and ends at once when it is stopped', async () => {
    const { store, lost, start, abort } = storeFor([`127.0.0.1:${await freePort()}`]);
    const started = start();
    await eventually(() => expect(lost.length).toBeGreaterThan(2));
    expect(lost.map(({ retryInMs }) => retryInMs).slice(0, 3)).toEqual([125, 250, 500]);
    expect(lost[0]).toMatchObject({ code: 'unreachable', message: expect.stringContaining('ECONNREFUSED') });
    for (const { since } of lost) expect(Date.parse(String(since))).toBe(store.health().staleSince);
    expect(store.health()).toMatchObject({ inSync: false, lastError: { code: 'unreachable' } });
    const aborted = Date.now();
    abort();
    await expect(started).rejects.toMatchObject({ code: 'unreachable', retryable: true });
    expect(Date.now() - aborted).toBeLessThan(1_000);
  });

  it('ends at once when it is stopped while an endpoint accepts and does not answer', async () => {
    const hole = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(hole, 'listening');
    cleanups.push(async () => hole.close());
    const address = hole.address();
    const { start, abort } = storeFor([`http://127.0.0.1:${typeof address === 'object' && address?.port}`]);
    const started = start();
    await once(hole, 'connection');
    const aborted = Date.now();
    abort();
    await expect(started).rejects.toMatchObject({ code: 'aborted', retryable: true });
    expect(Date.now() - aborted).toBeLessThan(1_000);
  });
});

describe('close', () => {
  it('leaves nothing behind that keeps the process alive', async () => {
    const etcd = use(await startEtcd({ auth: AUTH }));
    const root = join(import.meta.dirname, '../..');
    // Beside our modules, because the program imports etcd3.
    const dir = await mkdtemp(join(root, 'node_modules/.birdconfd-exit-'));
    cleanups.push(() => rm(dir, { recursive: true }));
    const program = `
      import { systemClock } from './src/core/clock.ts';
      import { Secret } from './src/core/secret.ts';
      import { EtcdV3Datastore } from './src/datastore/etcd-v3.ts';
      const credentials = async () => ({ username: '${AUTH.user}',
        password: new Secret('${AUTH.password}'), caCert: null, cert: null, key: null });
      const store = new EtcdV3Datastore({ endpoints: ['${etcd.endpoint}'], credentials }, { clock: systemClock, resyncIntervalMs: 60000, log: () => {} });
      await store.start(['${NODES}'], () => {}, new AbortController().signal);
      await store.close();
      const closedAt = Date.now();
      process.on('exit', () => console.log(Date.now() - closedAt));`;
    const outfile = join(dir, 'program.mjs');
    const stdin = { contents: program, resolveDir: root, loader: 'ts' } as const;
    await build({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { timeout: 20_000 });
    expect(Number(stdout)).toBeLessThan(1_000);
  });
});
