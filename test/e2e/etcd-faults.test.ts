import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resourceKey } from '../../src/core/keys.ts';
import { runCli, startCli } from '../support/cli.ts';
import { node, SMALL_CLUSTER } from '../support/cluster.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

/** A thousand nodes are a thousand sessions a family: the last pass alone takes a second on a busy machine. */
const SETTLES = { timeoutMs: 40_000 };

const address = (n: number): string => `10.20.${n >> 8}.${n & 255}/16`;

/** `birdconfd run` behind a proxy to a real etcd; no BIRD answers, so all that is looked at is the files. */
describe('the rendered files, after etcd has failed', () => {
  let etcd: EtcdServer;
  let proxy: TcpProxy;
  let dir: string;
  let service: ReturnType<typeof startCli>;

  const common = (port: number) => [
    '--endpoints',
    `http://127.0.0.1:${port}`,
    '--node',
    'node-a',
    '--bird',
    '1.6',
    '--calico-release',
    '3.33',
  ];
  const filesIn = async (folder: string) => {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.conf')).sort();
    return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const));
  };

  /** The service's files become those of a fresh render of what etcd holds now. `expected` of them are sessions. */
  const expectFreshRender = async (expected: number) => {
    const { code, err } = await runCli(['render', ...common(etcd.port), '--output', join(dir, 'fresh')]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const fresh = await filesIn(join(dir, 'fresh'));
    expect(fresh[0]?.[1].match(/^protocol bgp /gm)).toHaveLength(expected);
    await eventually(async () => expect((await filesIn(join(dir, 'out'))).join() === fresh.join()).toBe(true), SETTLES);
  };

  const putNodes = async (from: number, count: number) => {
    const numbers = Array.from({ length: count }, (_, i) => from + i);
    for (let i = 0; i < count; i += 100) {
      const batch = numbers.slice(i, i + 100).map((n) => node(`n${n}`, address(n)));
      await Promise.all(batch.map(([key, value]) => etcd.client.put(key).value(value)));
    }
  };

  beforeEach(async () => {
    dir = await temporaryFolder();
    etcd = await startEtcd();
    proxy = await startTcpProxy(etcd.port);
    for (const [key, value] of SMALL_CLUSTER) await etcd.client.put(key).value(value);
    const sockets = ['--bird-socket', join(dir, 'b.ctl'), '--bird6-socket', join(dir, 'b6.ctl')];
    const args = ['run', ...common(proxy.port), '--output', join(dir, 'out'), '--quiet-ms', '100', ...sockets];
    service = startCli(args);
    await service.logged(/in-sync/);
    await expectFreshRender(2);
  });
  afterEach(async () => {
    await service.stop('SIGKILL');
    await proxy.stop();
    await etcd.stop();
  });

  it('are a fresh render after etcd was killed for 10 s and 1,000 writes followed its restart', async () => {
    await etcd.kill9();
    await service.logged(/warn datastore-lost .*since=/);
    await etcd.restart({ downSeconds: 10 });
    await putNodes(0, 1_000);
    await expectFreshRender(1_002);
  });

  it('are a fresh render after TCP broke three times during catch-up', async () => {
    proxy.refuse();
    proxy.cut();
    await service.logged(/datastore-lost/);
    await putNodes(0, 1_000);
    for (let round = 0; round < 4; round++) await putNodes(0, 1_000); // 5,000 revisions to catch up with
    await etcd.client.delete().key(resourceKey('Node', 'n7'));
    const before = proxy.accepted;
    proxy.cutNextAfter(3, 300_000);
    proxy.allow();
    await expectFreshRender(1_001);
    expect(proxy.accepted - before).toBeGreaterThanOrEqual(4);
  });

  it('are a fresh render after a compaction while it was cut off', async () => {
    await putNodes(0, 50);
    await expectFreshRender(52);
    proxy.refuse();
    proxy.cut();
    await service.logged(/datastore-lost/);
    await etcd.client.delete().key(resourceKey('Node', 'n7'));
    await putNodes(50, 50);
    const { header } = await etcd.client.put(resourceKey('Node', 'node-c')).value(node('node-c', '192.0.2.33/24')[1]);
    await etcd.client.kv.compact({ revision: header.revision, physical: true });
    proxy.allow();
    await expectFreshRender(101);
  });
});
