import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Lab, LabNode } from '../../scripts/lab/lab.mjs';
import { watchRoutes } from '../conformance/route-monitor.ts';
import { eventually } from '../support/eventually.ts';
import { BUILD_MS, type BuiltImage, builtImage } from './built-image.ts';
import { type LabEtcd, startLabEtcd } from './etcd-in-lab.ts';
import { ImageNode, PATIENCE } from './node-in-lab.ts';
import { startTraffic } from './traffic.ts';
import { A, B, BLOCK, BLOCK6, TWO_NODES, twoNodeLab } from './two-node-cluster.ts';

const RESTARTS = 20;
const FAREWELLS = 3;

describe('a container that is restarted', () => {
  let image: BuiltImage;
  let dir: string;
  let lab: Lab;
  let machines: { readonly a: LabNode; readonly b: LabNode };
  let etcd: LabEtcd;
  let a: ImageNode;
  let b: ImageNode;

  beforeAll(async () => {
    image = await builtImage();
  }, BUILD_MS);
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-routes-'));
    const up = await twoNodeLab();
    lab = up.lab;
    machines = up;
    etcd = await startLabEtcd(up.store, dir);
    await etcd.put(TWO_NODES);
  }, 120_000);
  afterEach(async () => {
    await Promise.all([a?.container.kill(), b?.container.kill()]);
    await etcd?.stop();
    await lab?.down();
    await rm(dir, { recursive: true, force: true });
  });

  const up = async (environment: Readonly<Record<string, string>> = {}) => {
    a = new ImageNode(image, machines.a, dir, { ETCD_ENDPOINTS: etcd.endpoint, ...environment });
    b = new ImageNode(image, machines.b, dir, { ETCD_ENDPOINTS: etcd.endpoint });
    await Promise.all([a, b].map(({ container }) => container.start()));
    await Promise.all([a, b].map((each) => each.healthy()));
    await inStep();
    for (const block of [BLOCK, BLOCK6])
      await eventually(async () => expect(await routeTo(block)).toContain('proto bird'), PATIENCE);
  };
  /** What B's kernel has for it. */
  const routeTo = async (block: string) => {
    const family = block.includes(':') ? '-6' : '-4';
    const inside = ['-t', String(machines.b.pid), '-n', 'ip', family, 'route', 'show', block];
    return (await promisify(execFile)('nsenter', inside)).stdout;
  };
  const inStep = async () => {
    await b.inStep({ bird: `Mesh_${A.address.replaceAll('.', '_')}`, bird6: 'Mesh_fd00__1' });
    await a.inStep({ bird: `Mesh_${B.address.replaceAll('.', '_')}`, bird6: 'Mesh_fd00__2' });
  };
  const witness = async () => {
    const traffic = await startTraffic(machines.b, machines.a, [A.pod, A.pod6]);
    onTestFinished(() => traffic.stop());
    const monitor = await watchRoutes(machines.b);
    onTestFinished(() => monitor.stop());
    return async () => {
      const deleted = await monitor.deletions();
      const loss = await traffic.end();
      return {
        v4: deleted.filter((line) => line.includes(BLOCK)).length,
        v6: deleted.filter((line) => line.includes(BLOCK6)).length,
        loss,
      };
    };
  };

  it(`costs its peer no IPv4 route, ${RESTARTS} times under traffic`, { timeout: 900_000 }, async () => {
    await up();
    const seen = await witness();
    for (let round = 0; round < RESTARTS; round++) {
      expect((await a.container.stop()).tookMs).toBeLessThan(5_000);
      // By turns as an engine restarts a container, and as a new pod comes in the place of an old one.
      await a.container.start({ fresh: round % 2 === 1 });
      await a.healthy();
      await inStep();
    }
    const { v4, v6, loss } = await seen();
    console.info(`${RESTARTS} restarts: ${v4} deletions for IPv4, ${v6} for IPv6; lost ${JSON.stringify(loss)}`);
    expect(v4).toBe(0);
    expect(loss[A.pod]).toMatchObject({ lost: 0 });
    expect(loss[A.pod]?.sent).toBeGreaterThan(RESTARTS * 20);
  });

  it(`takes its routes along with BIRD_STOP=shutdown, ${FAREWELLS} times`, { timeout: 300_000 }, async () => {
    await up({ BIRD_STOP: 'shutdown' });
    const seen = await witness();
    for (let round = 0; round < FAREWELLS; round++) {
      expect((await a.container.stop()).tookMs).toBeLessThan(5_000);
      await eventually(async () => expect(await routeTo(BLOCK)).toBe(''), PATIENCE);
      await a.container.start();
      await a.healthy();
      await inStep();
    }
    const { v4, v6, loss } = await seen();
    console.info(`${FAREWELLS} farewells: ${v4} deletions for IPv4, ${v6} for IPv6; lost ${JSON.stringify(loss)}`);
    expect(v4).toBe(FAREWELLS);
    expect(loss[A.pod]?.lost).toBeGreaterThan(0);
  });

  it('keeps its routes while etcd is away, and says since when it is stale', { timeout: 300_000 }, async () => {
    await up();
    const seen = await witness();
    await etcd.stop();
    await a.container.stop();
    await a.container.start({ fresh: true });
    await inStep();
    const status = async () => JSON.parse((await a.container.run('birdconfd', 'status', '--json')).out).targets;
    await eventually(async () => {
      const states = (await status()).map(({ state }: { readonly state: string }) => state);
      expect(states).toEqual(['stale', 'stale']);
    }, PATIENCE);
    expect((await a.container.health()).code).toBe(1);
    expect(await routeTo(BLOCK)).toContain('proto bird');
    await etcd.start();
    await a.healthy();
    const { v4, v6, loss } = await seen();
    console.info(`etcd away: ${v4} deletions for IPv4, ${v6} for IPv6; lost ${JSON.stringify(loss)}`);
    expect({ v4, lost: loss[A.pod]?.lost }).toEqual({ v4: 0, lost: 0 });
  });

  it('starts no BIRD with what is older than --max-stale, until the datastore is back', {
    timeout: 300_000,
  }, async () => {
    await up({ BIRDCONFD_MAX_STALE: '0s' });
    await etcd.stop();
    await a.container.stop();
    await a.container.start();
    await eventually(
      () => expect(a.container.log).toMatch(/^bird: waits for the first pass: .*--max-stale/m),
      PATIENCE,
    );
    await eventually(
      async () => expect((await a.container.run('birdconfd', 'status')).out).toContain('starting'),
      PATIENCE,
    );
    expect((await a.container.run('ls', '/etc/calico/confd/config')).out).not.toContain('bird.cfg');
    await etcd.start();
    await a.healthy();
    await inStep();
  });
});
