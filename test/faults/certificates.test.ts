import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueCertificate, makeCertificates } from '../datastore/etcd-certificates.ts';
import { peer } from '../support/cluster.ts';
import { type EtcdServer, etcdctl, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { FaultSite, FIRST_DATA } from './site.ts';

/** An etcd that wants a client certificate; birdconfd's own files lie apart from the test's. Each test goes on with what the one before left. */
describe('certificates that are replaced while birdconfd runs', () => {
  let dir: string;
  let etcd: EtcdServer;
  let proxy: TcpProxy;
  let site: FaultSite;
  const at = (file: string) => join(dir, file);
  const put = async ([key, value]: readonly [string, string]) => {
    const files = ['--cacert', at('ca.crt'), '--cert', at('client.crt'), '--key', at('client.key')];
    await etcdctl('--endpoints', etcd.endpoint, ...files, 'put', key, value);
  };
  const session = (n: number) => peer(`p${n}`, { peerIP: `10.9.0.${n}`, asNumber: 65_000 + n });
  /** What a sidecar or a certificate manager does, now and then file by file. */
  const rotate = (...files: readonly ('ca.crt' | 'client.crt' | 'client.key')[]) =>
    Promise.all(files.map((file) => copyFile(at(file), at(`own-${file}`))));
  const staleWith = async (code: string) => {
    const before = site.logged('datastore-lost', code);
    const since = await site.stale();
    await eventually(() => expect(site.logged('datastore-lost', code)).toBeGreaterThan(before));
    return since;
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-tls-'));
    const tls = await makeCertificates(dir);
    await rotate('ca.crt', 'client.crt', 'client.key');
    etcd = await startEtcd({ tls });
    proxy = await startTcpProxy(etcd.port);
    for (const entry of FIRST_DATA) await put(entry);
    const files = [
      '--ca-file',
      at('own-ca.crt'),
      '--cert-file',
      at('own-client.crt'),
      '--key-file',
      at('own-client.key'),
    ];
    const datastore = (port: number) => ['--endpoints', `https://127.0.0.1:${port}`, ...files];
    site = await FaultSite.open({ datastore: datastore(proxy.port), direct: datastore(etcd.port) });
    await site.start();
  });
  afterAll(async () => {
    await site?.close();
    await proxy?.stop();
    await etcd?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('an expired one is refused, and its successor counts at the next try', async () => {
    await issueCertificate(dir, 'client', 0);
    await rotate('client.crt', 'client.key');
    const cutAt = Date.now();
    proxy.cut();
    expect(await staleWith('unreachable')).toBeLessThanOrEqual(cutAt + 1_000);
    await issueCertificate(dir, 'client');
    await put(session(11));
    expect(site.text('bird')).not.toContain('10.9.0.11');
    await rotate('client.crt', 'client.key');
    await site.converged();
    expect(site.text('bird')).toContain('neighbor 10.9.0.11 as');
    expect(site.falls).toBe(0);
  });

  it('a certificate whose key is not there yet is a fault that passes', async () => {
    await issueCertificate(dir, 'client');
    await rotate('client.crt');
    proxy.cut();
    await staleWith('tls-config');
    await put(session(12));
    await rotate('client.key');
    await site.converged();
    expect(site.falls).toBe(0);
  });

  it('another authority, for both sides', async () => {
    await makeCertificates(dir);
    await etcd.restart();
    await staleWith('unreachable');
    await put(session(13));
    await rotate('ca.crt', 'client.crt', 'client.key');
    await site.converged();
    expect(site.text('bird')).toContain('neighbor 10.9.0.13 as');
    expect(site.falls).toBe(0);
  });
});
