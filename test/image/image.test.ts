import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Lab, LabNode } from '../../scripts/lab/lab.mjs';
import { laterThanLast } from '../support/bird.ts';
import { eventually } from '../support/eventually.ts';
import { BUILD_MS, type BuiltImage, builtImage } from './built-image.ts';
import { type LabEtcd, startLabEtcd } from './etcd-in-lab.ts';
import { ImageNode, PATIENCE } from './node-in-lab.ts';
import { B, TWO_NODES, twoNodeLab } from './two-node-cluster.ts';

/** Without the other node, which no one starts here: a session that cannot come up is a reason not to be ready. */
const ALONE = TWO_NODES.filter(([key]) => !key.endsWith(`/${B.name}`));

let image: BuiltImage;
let dir: string;
let lab: Lab;
let machine: LabNode;
let etcd: LabEtcd;

beforeAll(async () => {
  image = await builtImage();
  dir = await mkdtemp(join(tmpdir(), 'birdconfd-image-'));
  const { lab: up, a, store } = await twoNodeLab();
  lab = up;
  machine = a;
  etcd = await startLabEtcd(store, dir);
  await etcd.put(ALONE);
}, BUILD_MS);
afterAll(async () => {
  await etcd?.stop();
  await lab?.down();
  if (dir) await rm(dir, { recursive: true, force: true });
});

/** A container that ends with the test. */
async function started(environment: Readonly<Record<string, string>> = {}): Promise<ImageNode> {
  const folder = await mkdtemp(join(dir, 'node-'));
  const node = new ImageNode(image, machine, folder, { ETCD_ENDPOINTS: etcd.endpoint, ...environment });
  onTestFinished(() => node.container.kill());
  await node.container.start();
  return node;
}

const namesIn = (texts: readonly string[]) => texts.map((text) => text.split(/\s+/)[0]);

/** What runs in the container: user and command line, without PID 1 and what asks. */
async function processes(node: ImageNode): Promise<readonly string[]> {
  const script = `for p in /proc/[0-9]*; do
    [ "$(cut -d' ' -f4 $p/stat)" -gt 0 ] 2>/dev/null && echo "$(stat -c %U $p) $(tr '\\0' ' ' <$p/cmdline)"; done`;
  const { out } = await node.container.run('sh', '-c', script);
  return out
    .trim()
    .split('\n')
    .map((line) => line.trim());
}

describe('the image', () => {
  it('starts birdconfd, bird and bird6, and is healthy once BIRD has confirmed', async () => {
    const node = await started();
    // Health may be asked from the first moment on: what it says then is "no" in some words, never "yes".
    await eventually(async () => expect((await node.container.run('true')).code).toBe(0), PATIENCE);
    let wasUnhealthy = 0;
    await eventually(async () => {
      const { code } = await node.container.health();
      const ledgers = ['bird', 'bird6'].map((name) => join(node.state, `${name}.json`));
      const confirmed = ledgers.every(
        (path) => existsSync(path) && JSON.parse(readFileSync(path, 'utf8')).history.length === 1,
      );
      if (code !== 0) wasUnhealthy++;
      else expect(confirmed).toBe(true);
      expect(code).toBe(0);
    }, PATIENCE);
    expect(wasUnhealthy).toBeGreaterThan(0);
    expect(await node.services()).toEqual(['run bird', 'run bird6', 'run confd']);
    // As calico/node's liveness probe asks.
    const probe = await node.container.run('sv', 'status', 'confd', 'bird');
    expect(probe.out).toMatch(/^run: confd: .*\nrun: bird: /);
    expect(namesIn(await node.ask('bird', 'show protocols'))).toContain('direct1');
    const running = await processes(node);
    expect(running).toContain('bird bird -R -s /var/run/calico/bird.ctl -d -c /etc/calico/confd/config/bird.cfg');
    expect(running).toContain('bird bird6 -R -s /var/run/calico/bird6.ctl -d -c /etc/calico/confd/config/bird6.cfg');
    expect(running.find((line) => line.endsWith('/main.js run'))).toMatch(/^birdconfd /);
    expect((await node.container.run('cat', '/var/log/calico/confd/current')).out).toMatch(
      / info pass .*outcome=confirmed/,
    );
  }, 120_000);

  it('ends everything within five seconds of SIGTERM, birdconfd first', async () => {
    const node = await started();
    await node.healthy();
    const { code, tookMs } = await node.container.stop();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(5_000);
    const said = node.container.log;
    expect(said).toMatch(/ok: confd: .*\nok: bird: .*\nok: bird6: .*\nstart_runit: ended\n$/);
  }, 120_000);

  it('gets a killed BIRD back, which birdconfd confirms again', async () => {
    const node = await started({ BIRDCONFD_POLL_INTERVAL: '1s' });
    await node.healthy();
    await laterThanLast({ ask: (command) => node.reply('bird', command) });
    const pidOf = async () => (await node.container.run('cat', '/etc/service/enabled/bird/supervise/pid')).out.trim();
    const confirmedAt = () => JSON.parse(readFileSync(join(node.state, 'bird.json'), 'utf8')).history[0].at as number;
    const [before, at] = [await pidOf(), confirmedAt()];
    await node.container.run('sh', '-c', `kill -KILL ${before}`);
    await eventually(async () => expect(confirmedAt()).toBeGreaterThan(at), PATIENCE);
    expect(await pidOf()).not.toBe(before);
    await node.healthy();
  }, 120_000);

  it('reaps what was left to PID 1', async () => {
    const node = await started();
    await node.healthy();
    await node.container.run('sh', '-c', '(sleep 0.1 & exec sleep 0.05) & wait');
    const zombies = "grep -l '^State:.Z' /proc/[0-9]*/status | wc -l";
    await eventually(
      async () => expect((await node.container.run('sh', '-c', zombies)).out.trim()).toBe('0'),
      PATIENCE,
    );
  }, 120_000);

  it.each([
    { CALICO_NETWORKING_BACKEND: 'none' },
    { CALICO_NETWORKING_BACKEND: 'vxlan' },
    { CALICO_NETWORKING: 'false' },
  ])(
    'stays up without BIRD and birdconfd for %o',
    async (environment) => {
      const node = await started(environment as Readonly<Record<string, string>>);
      await eventually(() => expect(node.container.log).toContain('neither BIRD nor birdconfd is started'), PATIENCE);
      await eventually(
        async () => expect(await processes(node)).toContain('root runsvdir -P /etc/service/enabled'),
        PATIENCE,
      );
      expect(await node.services()).toEqual([]);
      expect((await processes(node)).filter((line) => /bird6? -|main\.js/.test(line))).toEqual([]);
      expect((await node.container.health()).code).toBe(0);
      const { code, tookMs } = await node.container.stop();
      expect({ code, isQuick: tookMs < 5_000 }).toEqual({ code: 0, isQuick: true });
    },
    60_000,
  );

  it('writes no log files where CALICO_DISABLE_FILE_LOGGING says so, but to its own output', async () => {
    const node = await started({ CALICO_DISABLE_FILE_LOGGING: 'true' });
    await node.healthy();
    expect(node.container.log).toMatch(/ info pass .*outcome=confirmed/);
    expect((await node.container.run('ls', '/var/log/calico')).out).toBe('');
    expect((await processes(node)).filter((line) => line.includes('svlogd'))).toEqual([]);
  }, 120_000);

  it('says what BIRD_STOP may be', async () => {
    const node = await started({ BIRD_STOP: 'later' });
    await eventually(() => expect(node.container.isRunning).toBe(false), PATIENCE);
    expect(node.container.log).toContain('BIRD_STOP: expected restart or shutdown, found "later"');
  });

  it('has no build tools', async () => {
    const tools = ['npm', 'npx', 'yarn', 'node', 'gcc', 'cc', 'make', 'git', 'python3', 'esbuild', 'tsc', 'curl'];
    const places = ['usr/local/bin', 'usr/local/sbin', 'usr/bin', 'usr/sbin', 'bin', 'opt/birdconfd/node_modules'];
    const found = tools.flatMap((tool) => places.filter((place) => existsSync(join(image.root, place, tool))));
    expect(found).toEqual([]);
    console.info(`the image has ${image.size}`);
    expect(existsSync(join(image.root, 'opt/birdconfd/bin/node'))).toBe(true);
    expect(existsSync(join(image.root, 'src'))).toBe(false);
  });
});
