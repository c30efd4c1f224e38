import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { affinityPrefix, LAYOUT_PREFIXES } from '../../src/core/keys.ts';
import { peer } from '../support/cluster.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { FaultSite, FIRST_DATA, NODE } from './site.ts';

const AUTH = { user: 'birdconfd', password: 'a first secret', prefix: '/calico/' };
const TOKEN_SECONDS = 3;
const session = (n: number) => peer(`p${n}`, { peerIP: `10.9.0.${n}`, asNumber: 65_000 + n });
/** A change of users or roles makes the tokens of all users old, also that of the test, which etcd3 renews only once it has expired. */
const insist = <T>(ask: () => PromiseLike<T>): Promise<T> => eventually(async () => await ask(), { timeoutMs: 30_000 });
const put = async (etcd: EtcdServer, [key, value]: readonly [string, string]) => {
  await insist(() => etcd.client.put(key).value(value));
};

/** Short-lived tokens, and a user whose rights and password change. Each test goes on with what the one before left. */
describe('a user of etcd', () => {
  let dir: string;
  let etcd: EtcdServer;
  let proxy: TcpProxy;
  let site: FaultSite;
  const failsWith = (code: string) =>
    eventually(() => expect(site.logged('datastore-lost', code)).toBeGreaterThan(0), { timeoutMs: 45_000 });
  const passwordFile = () => join(dir, 'password');

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-access-'));
    const key = join(dir, 'token.key');
    execFileSync('openssl', ['genrsa', '-out', key, '2048'], { stdio: 'ignore' });
    execFileSync('openssl', ['rsa', '-in', key, '-pubout', '-out', join(dir, 'token.pub')], { stdio: 'ignore' });
    const token = `jwt,pub-key=${join(dir, 'token.pub')},priv-key=${key},sign-method=RS256,ttl=${TOKEN_SECONDS}s`;
    etcd = await startEtcd({ auth: AUTH, more: ['--auth-token', token] });
    proxy = await startTcpProxy(etcd.port);
    writeFileSync(passwordFile(), `${AUTH.password}\n`);
    for (const entry of FIRST_DATA) await put(etcd, entry);
    const login = ['--username', AUTH.user, '--password-file', passwordFile()];
    const datastore = (port: number) => ['--endpoints', `http://127.0.0.1:${port}`, ...login];
    site = await FaultSite.open({ datastore: datastore(proxy.port), direct: datastore(etcd.port) });
    await site.start();
  });
  afterAll(async () => {
    await site?.close();
    await proxy?.stop();
    await etcd?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('whose token expires logs in again', async () => {
    await failsWith('auth-expired');
    await put(etcd, session(11));
    await site.converged();
    expect(site.text('bird')).toContain('10.9.0.11');
    expect(site.falls).toBe(0);
  });

  it('who may not read any more, and then may again', async () => {
    const range = etcd.client.range({ prefix: AUTH.prefix });
    const revokedAt = Date.now();
    await insist(() => etcd.client.role('reader').revoke({ permission: 'Read', range }));
    expect(await site.stale()).toBeLessThanOrEqual(revokedAt + 11_000);
    await failsWith('permission-denied');
    await put(etcd, session(12));
    await insist(() => etcd.client.role('reader').grant({ permission: 'Read', range }));
    await site.converged();
    expect(site.text('bird')).toContain('10.9.0.12');
    expect(site.falls).toBe(0);
  });

  it('whose password is another one, once its file has it', async () => {
    await insist(() => etcd.client.user(AUTH.user).setPassword('a second secret'));
    proxy.cut();
    await failsWith('auth-failed');
    await put(etcd, session(13));
    writeFileSync(passwordFile(), 'a second secret\n');
    await site.converged();
    expect(site.text('bird')).toContain('10.9.0.13');
    expect(site.log()).not.toContain('second secret');
    expect(site.falls).toBe(0);
  });
});

describe('the smallest role', () => {
  it('reads the prefixes of the README and nothing else: all works, and nothing is written', async () => {
    const [first, ...more] = [...LAYOUT_PREFIXES.v3, affinityPrefix(NODE.name)];
    const etcd = await startEtcd({ auth: { ...AUTH, prefix: first! } });
    onTestFinished(() => etcd.stop());
    const role = etcd.client.role('reader');
    for (const prefix of more) await role.grant({ permission: 'Read', range: etcd.client.range({ prefix }) });
    for (const entry of FIRST_DATA) await put(etcd, entry);
    const proxy = await startTcpProxy(etcd.port);
    onTestFinished(() => proxy.stop());
    const login = ['--username', AUTH.user, '--data', 'v3'];
    const env = { ETCD_PASSWORD: AUTH.password };
    const datastore = (port: number) => ['--endpoints', `http://127.0.0.1:${port}`, ...login];
    const site = await FaultSite.open({ datastore: datastore(proxy.port), direct: datastore(etcd.port), env });
    onTestFinished(() => site.close());
    await site.start();
    const revision = async () => (await insist(() => etcd.client.kv.range({ key: Buffer.from('/') }))).header.revision;
    const before = await revision();
    await put(etcd, session(11));
    await site.converged();
    proxy.refuse();
    proxy.cut();
    await site.stale();
    await put(etcd, session(12));
    proxy.allow();
    await site.converged();
    expect(site.text('bird')).toContain('10.9.0.12');
    expect(site.logged('datastore-lost', 'range-refused')).toBe(1);
    expect(site.falls).toBe(0);
    expect(BigInt(await revision())).toBe(BigInt(before) + 2n);
  });
});
