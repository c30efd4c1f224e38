import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Datastore } from '../../src/datastore/datastore.ts';
import { makeCertificates } from '../datastore/etcd-certificates.ts';
import { resolverFor } from '../support/dns.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { EtcdV2Keys } from '../support/etcd-v2-keys.ts';
import { eventually } from '../support/eventually.ts';
import { backendOf, settingsOf } from './open-backend.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of cleanups.reverse()) await end();
});
const started = async (options: Parameters<typeof startEtcd>[0]): Promise<EtcdServer> => {
  const etcd = await startEtcd(options);
  cleanups.push(() => etcd.stop());
  return etcd;
};

/** Starts it, for /app; `faults` are the codes of what it could not reach meanwhile. */
async function opened(store: Datastore) {
  const stop = new AbortController();
  onTestFinished(async () => {
    stop.abort();
    await store.close();
  });
  const start = store.start(['/app'], () => undefined, stop.signal);
  start.catch(() => undefined);
  const values = () => [...store.snapshot().entries('/app')].map(([key, { value }]) => `${key}=${value}`);
  return { start, values, lost: () => store.health().lastError };
}
const read = async (flags: readonly string[], needs: Parameters<typeof backendOf>[1] = {}) => {
  const { start, values } = await opened(await backendOf(flags, needs));
  await start;
  return values();
};

describe('SRV records', () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await started({ v2: true });
    await etcd.client.put('/app/a').value('3');
    await new EtcdV2Keys(etcd.endpoint).put('/app/a', '2');
  });
  /** A resolver by which these names are the etcd at its port. */
  const at = (name: string, port = etcd.port) => resolverFor({ [name]: [{ priority: 1, port, target: 'localhost' }] });

  it('of -srv-domain are looked up by the backend’s own name, with -scheme in front', async () => {
    const v3 = await at('_etcdv3._tcp.example.com');
    expect(await read(['-backend', 'etcdv3', '-srv-domain', 'example.com'], { resolver: v3 })).toEqual(['/app/a=3']);
    const v2 = await at('_etcdv2._tcp.example.com');
    const flags = ['-backend', 'etcdv2', '-srv-domain', 'example.com.', '-scheme', 'http'];
    expect(await read(flags, { resolver: v2 })).toEqual(['/app/a=2']);
  });

  it('of -srv-record are looked up as it stands, and count more than -node', async () => {
    const resolver = await at('_kv._tcp.example.org');
    const flags = ['-backend', 'etcdv3', '-srv-record', '_kv._tcp.example.org', '-srv-domain', 'example.com'];
    expect(await read([...flags, '-node', '127.0.0.1:1'], { resolver })).toEqual(['/app/a=3']);
  });

  it('that name nobody are told with their name, and may be there later', async () => {
    const resolver = await resolverFor({});
    const asked = backendOf(['-backend', 'etcdv3', '-srv-domain', 'example.com'], { resolver });
    await expect(asked).rejects.toMatchObject({ stage: 'datastore', code: 'discovery-failed', retryable: true });
    await expect(asked).rejects.toThrow('_etcdv3._tcp.example.com.');
  });

  it('of nodes that do not answer are passed over', async () => {
    const resolver = await resolverFor({
      '_etcdv3._tcp.example.com': [
        { priority: 2, port: 1, target: 'localhost' },
        { priority: 3, port: etcd.port, target: 'localhost' },
      ],
    });
    expect(await read(['-backend', 'etcdv3', '-srv-domain', 'example.com'], { resolver })).toEqual(['/app/a=3']);
  });

  it('with -scheme https are asked by TLS', async () => {
    const resolver = await at('_etcdv3._tcp.example.com');
    const flags = ['-backend', 'etcdv3', '-srv-domain', 'example.com', '-scheme', 'https'];
    const { lost } = await opened(await backendOf(flags, { resolver }));
    await eventually(() =>
      expect(lost()).toMatchObject({ code: 'unreachable', message: expect.stringContaining('https://localhost') }),
    );
  });
});

describe('TLS', () => {
  let dir: string;
  let etcd: EtcdServer;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-tls-'));
    cleanups.push(() => rm(dir, { recursive: true, force: true }));
    etcd = await started({ tls: await makeCertificates(dir), v2: true });
    await etcd.client.put('/app/a').value('3');
  });
  const files = () => [
    ...['-client-ca-keys', join(dir, 'ca.crt'), '-client-cert', join(dir, 'client.crt')],
    ...['-client-key', join(dir, 'client.key')],
  ];

  it.each(['', 'https://'])(
    'is used for %jHOST:PORT with -client-ca-keys, -client-cert and -client-key',
    async (scheme) => {
      const node = `${scheme}127.0.0.1:${etcd.port}`;
      expect(await read(['-backend', 'etcdv3', '-node', node, ...files()])).toEqual(['/app/a=3']);
      expect(await read(['-backend', 'etcdv2', '-node', node, ...files()])).toEqual([]);
    },
  );

  it('is used for what SRV records name, and their names are what the certificate must be for', async () => {
    const named = (target: string) =>
      resolverFor({ '_etcd._tcp.example.com': [{ priority: 1, port: etcd.port, target }] });
    const flags = ['-backend', 'etcd', '-srv-domain', 'example.com', '-scheme', 'https', ...files()];
    expect(await read(flags, { resolver: await named('127.0.0.1') })).toEqual(['/app/a=3']);
    const { lost } = await opened(await backendOf(flags, { resolver: await named('localhost') }));
    await eventually(() => expect(lost()).toMatchObject({ message: expect.stringContaining('https://localhost') }));
  });

  it.each([
    ['no authority', []],
    ['no authority, and -client-insecure, which confd does not hear either', ['-client-insecure']],
  ])('refuses a server with %s', async (_, more) => {
    const flags = ['-backend', 'etcdv3', '-node', `https://127.0.0.1:${etcd.port}`, ...more];
    const { start, lost } = await opened(await backendOf(flags));
    const refused = start.then(
      () => 'in sync',
      (error: unknown) => error,
    );
    await eventually(() => expect(lost() ?? null).not.toBeNull());
    expect(lost()?.stage).toBe('datastore');
    expect(await Promise.race([refused, Promise.resolve('waits')])).not.toBe('in sync');
  });

  it('tells a file that cannot be read before anything is asked, by its flag', async () => {
    const flags = ['-backend', 'etcdv3', '-node', '127.0.0.1:1', '-client-cert', join(dir, 'none.crt')];
    await expect(backendOf(flags)).rejects.toThrow(/-client-cert: cannot read the file: .*none\.crt/);
  });

  it('tells files that are no certificates, without what is in them', async () => {
    const odd = join(dir, 'odd.pem');
    await writeFile(odd, 'hunter2');
    const flags = [
      '-backend',
      'etcdv3',
      '-node',
      `127.0.0.1:${etcd.port}`,
      '-client-ca-keys',
      odd,
      '-client-cert',
      odd,
      '-client-key',
      odd,
    ];
    const { start } = await opened(await backendOf(flags));
    const error: unknown = await start.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ stage: 'datastore', code: 'tls-config', retryable: false });
    expect(String(error)).not.toContain('hunter2');
  });
});

describe('-username and -password', () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await started({ auth: { user: 'confd', password: 'hunter2', prefix: '/app' } });
    await etcd.client.put('/app/a').value('3');
  });
  const as = (...more: string[]) => ['-backend', 'etcdv3', '-node', etcd.endpoint, ...more];

  it.each([[[]], [['-basic-auth']]])('read what the role may read, with %j', async (more) => {
    expect(await read(as('-username', 'confd', '-password', 'hunter2', ...more))).toEqual(['/app/a=3']);
  });

  it('are refused at once where they are wrong or missing, and not shown', async () => {
    for (const flags of [as('-username', 'confd', '-password', 'hunter3'), as()]) {
      const { start } = await opened(await backendOf(flags));
      const error: unknown = await start.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ stage: 'datastore', code: 'auth-failed', retryable: false });
      expect(JSON.stringify([error, String(error)])).not.toContain('hunter');
    }
  });

  it('are given both or neither', async () => {
    await expect(settingsOf(as('-username', 'confd'))).rejects.toThrow('give both -username and -password, or neither');
  });
});

describe('-username and -password with etcdv2', () => {
  it('are needed where it asks for them', async () => {
    const etcd = await started({ v2: true });
    const login = { user: 'root', password: 'hunter2' };
    const open = new EtcdV2Keys(etcd.endpoint);
    await open.put('/app/a', '2');
    await open.api('PUT', '/auth/users/root', login);
    await open.api('PUT', '/auth/enable', {});
    await new EtcdV2Keys(etcd.endpoint, login).api('PUT', '/auth/roles/guest', {
      ...{ role: 'guest', revoke: { kv: { read: ['/*'], write: ['/*'] } } },
    });
    const flags = ['-backend', 'etcdv2', '-node', etcd.endpoint];
    expect(await read([...flags, '-username', 'root', '-password', 'hunter2'])).toEqual(['/app/a=2']);
    const { start } = await opened(await backendOf(flags));
    await expect(start).rejects.toMatchObject({ stage: 'datastore', retryable: false });
  });
});
