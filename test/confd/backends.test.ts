import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify as toToml } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { stringify as toYaml } from 'yaml';
import type { Datastore } from '../../src/datastore/datastore.ts';
import { datastoreContract } from '../datastore/contract.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { EtcdV2Keys } from '../support/etcd-v2-keys.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startRedis } from '../support/redis.ts';
import { backendOf } from './open-backend.ts';

let etcd: EtcdServer;
let redis: Awaited<ReturnType<typeof startRedis>>;
beforeAll(async () => {
  etcd = await startEtcd({ v2: true });
  redis = await startRedis({ events: 'KA' });
});
afterAll(() => Promise.all([etcd.stop(), redis.stop()]));

const address = () => `127.0.0.1:${etcd.port}`;

for (const name of ['etcd', 'etcdv3'])
  datastoreContract(`-backend ${name}`, async () => {
    await etcd.client.delete().all();
    return {
      store: await backendOf(['-backend', name, '-node', address()]),
      put: async (key, value) => void (await etcd.client.put(key).value(value)),
      delete: async (key) => void (await etcd.client.delete().key(key)),
      stop: () => undefined,
    };
  });

datastoreContract('-backend etcdv2', async () => {
  const keys = new EtcdV2Keys(etcd.endpoint);
  await keys.delete('/calico');
  return {
    store: await backendOf(['-backend', 'etcdv2', '-node', address()]),
    put: (key, value) => keys.put(key, value),
    delete: (key) => keys.delete(key),
    stop: () => undefined,
  };
});

datastoreContract('-backend redis', async () => {
  await redis.client.command('FLUSHALL');
  return {
    store: await backendOf(['-backend', 'redis', '-node', redis.path]),
    put: async (key, value) => void (await redis.client.command('SET', key, value)),
    delete: async (key) => void (await redis.client.command('DEL', key)),
    stop: () => undefined,
  };
});

/** `/a/b` = v as {a: {b: v}}. */
const treeOf = (key: string, value: string): object =>
  key
    .split('/')
    .slice(1)
    .reduceRight<object | string>((inner, name) => ({ [name]: inner }), value) as object;
const FORMATS: Readonly<Record<string, (value: object) => string>> = {
  yaml: (value) => toYaml(value),
  json: (value) => JSON.stringify(value),
  toml: (value) => toToml(value),
};

for (const [format, print] of Object.entries(FORMATS))
  datastoreContract(`-backend file, a folder of .${format}`, async () => {
    const dir = await temporaryFolder();
    const fileOf = (key: string) => join(dir, `${encodeURIComponent(key)}.${format}`);
    return {
      store: await backendOf(['-backend', 'file', '-file', dir, '-filter', `*.${format}`]),
      put: async (key, value) => {
        await writeFile(`${fileOf(key)}.new`, print(treeOf(key, value)));
        await rename(`${fileOf(key)}.new`, fileOf(key));
      },
      delete: (key) => rm(fileOf(key), { force: true }),
      stop: () => undefined,
    };
  });

/** What is under a prefix of a started store. */
async function opened(store: Datastore, prefix = '/') {
  onTestFinished(() => store.close());
  await store.start([prefix], () => undefined, new AbortController().signal);
  return () => Object.fromEntries([...store.snapshot().entries(prefix)].map(([key, { value }]) => [key, value]));
}

describe('-backend file', () => {
  it('reads YAML, JSON and TOML alike: scalars by the names and numbers that lead to them', async () => {
    const dir = await temporaryFolder();
    const content = { app: { port: 80, on: true, name: 'x', hosts: ['a', 'b'], none: {} } };
    const seen = [];
    for (const [format, print] of Object.entries(FORMATS)) {
      const file = join(dir, `f.${format}`);
      await writeFile(file, print(content));
      seen.push((await opened(await backendOf(['-backend', 'file', '-file', file])))());
    }
    const values = { '/app/port': '80', '/app/on': 'true', '/app/name': 'x', '/app/hosts/0': 'a', '/app/hosts/1': 'b' };
    expect(seen).toEqual([values, values, values]);
  });

  it('reads several files and folders at any depth, of folders only what -filter matches', async () => {
    const dir = await temporaryFolder();
    await mkdir(join(dir, 'sub/deeper'), { recursive: true });
    await writeFile(join(dir, 'one.yaml'), 'a: 1');
    await writeFile(join(dir, 'sub/deeper/two.yaml'), 'b: 2');
    await writeFile(join(dir, 'sub/other.json'), '{"c": 3}');
    const alone = join(await temporaryFolder(), 'alone.toml');
    await writeFile(alone, 'd = 4');
    const all = await opened(await backendOf(['-backend', 'file', '-file', dir, '-file', alone]));
    expect(all()).toEqual({ '/a': '1', '/b': '2', '/c': '3', '/d': '4' });
    const some = await opened(await backendOf(['-backend', 'file', '-file', dir, '-filter', '*.yaml']));
    expect(some()).toEqual({ '/a': '1', '/b': '2' });
  });

  it('follows edits, new files and removed ones, and keeps what a file said while it is broken', async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, 'one.yaml'), 'a: 1');
    const values = await opened(await backendOf(['-backend', 'file', '-file', dir]));
    await writeFile(join(dir, 'one.yaml'), 'a: 2');
    await eventually(() => expect(values()).toEqual({ '/a': '2' }));
    await writeFile(join(dir, 'two.json'), '{"b": "x"}');
    await eventually(() => expect(values()).toEqual({ '/a': '2', '/b': 'x' }));
    await writeFile(join(dir, 'one.yaml'), 'a: [2');
    await writeFile(join(dir, 'three.toml'), 'c = 1');
    await eventually(() => expect(values()).toEqual({ '/a': '2', '/b': 'x', '/c': '1' }));
    await rm(join(dir, 'two.json'));
    await eventually(() => expect(values()).toEqual({ '/a': '2', '/c': '1' }));
  });

  it('is told at once of a file that is not there', async () => {
    const store = await backendOf(['-backend', 'file', '-file', '/nonexistent/keys.yaml']);
    await expect(opened(store)).rejects.toMatchObject({ code: 'input-missing', retryable: false });
  });
});

describe('-backend env', () => {
  it('has a key of path parts for each variable, in lower case', async () => {
    const environment = { APP_DB_HOST: 'db1', app_port: '80', OTHER: 'x', EMPTY_: '' };
    const store = await backendOf(['-backend', 'env'], { environment });
    expect((await opened(store, '/app'))()).toEqual({ '/app/db/host': 'db1', '/app/port': '80' });
  });
});
