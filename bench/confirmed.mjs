// put → confirmed by a real BIRD, beside the least that must happen on the way: the watch, `bird -p`, `configure`.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startBird } from '../scripts/lab/bird.mjs';
import { openNamespace } from '../scripts/lab/namespace.mjs';
import { cluster, nodeAddress, nodeKey, nodeName, nodeValue } from './cluster.mjs';
import { runtime, startService } from './service.mjs';

const restMs = 700;
/** What BIRD is pointed at, and what that includes. */
const FILES = ['bird.cfg', 'bird_aggr.cfg', 'bird_ipam.cfg'];

/** A BIRD in a network of its own, with the files that lie in `output`. */
async function startBirdAt(output) {
  const net = await openNamespace();
  const [configFile, socket, log] = ['bird.cfg', 'bird.ctl', 'bird.log'].map((name) => join(output, name));
  const bird = await startBird(net.pid, { binary: 'bird', configFile, socket, log });
  const stop = async () => {
    await bird.stop();
    await net.close();
  };
  return { configFile, ask: bird.ask, stop };
}

/** Resolves when BIRD has done what it was asked, with the time that this took. */
async function configure(bird) {
  const began = performance.now();
  await bird.ask('configure');
  while (!(await bird.ask('show status')).includes('Daemon is up and running')) await wait(5);
  return performance.now() - began;
}

/**
 * One node after the other joins. @returns milliseconds, change by change: `confirmed` from the put to birdconfd's own word for it, and
 * `least`, what the watch of a bare etcd3 client took in the same round, and `bird -p` and `configure` of the very files, with a second BIRD
 * that goes from the same files to the same files
 */
export async function confirmed(main, nodes, changes) {
  let bird = null;
  let second = null;
  let tell = () => {};
  const flags = (endpoint, output) =>
    `--datastore etcdv3 --endpoints ${endpoint} --node ${nodeName(0)} --layout calico --bird 1.6 --output ${output}`;
  const sockets = (output) => ['--bird-socket', join(output, 'bird.ctl'), '--bird6-socket', join(output, 'none.ctl')];
  const program = {
    name: 'birdconfd',
    watch: (endpoint, output) => ({
      args: [main, 'run', ...flags(endpoint, output).split(' '), ...sockets(output), '--log-format', 'json'],
      env: {},
    }),
  };
  const prepare = async (output, endpoint) => {
    execFileSync(runtime.node, [main, 'render', ...flags(endpoint, output).split(' ')]);
    bird = await startBirdAt(output);
    await mkdir(join(output, 'second'));
    for (const name of FILES) await copyFile(join(output, name), join(output, 'second', name));
    second = await startBirdAt(join(output, 'second'));
  };
  const lines = (line, at) => {
    const { event, target, outcome } = line.startsWith('{') ? JSON.parse(line) : {};
    if (event === 'pass' && target === 'bird' && outcome === 'confirmed') tell(at);
  };
  const first = new Promise((resolve) => {
    tell = resolve;
  });
  const service = await startService(program, cluster(nodes), { prepare, lines });
  try {
    await first;
    const figures = { confirmed: [], least: [], watchMs: [], checkMs: [], configureMs: [] };
    const watcher = await service.etcd.watch().prefix(nodeKey(0).slice(0, -10)).create();
    for (let round = -1; round < changes; round++) {
      await wait(restMs);
      const index = nodes + 1 + round;
      const done = new Promise((resolve) => {
        tell = resolve;
      });
      const heard = new Promise((resolve) => watcher.once('put', () => resolve(performance.now())));
      const began = performance.now();
      await service.etcd.put(nodeKey(index)).value(nodeValue(index));
      const [watchMs, confirmedMs] = (await Promise.all([heard, done])).map((at) => at - began);
      for (const name of FILES) await copyFile(join(service.output, name), join(service.output, 'second', name));
      const checkBegan = performance.now();
      const { status } = spawnSync('bird', ['-p', '-c', second.configFile]);
      if (status !== 0) throw new Error(`bird -p: exit code ${status} at ${nodeAddress(index)}`);
      const checkMs = performance.now() - checkBegan;
      const configureMs = await configure(second);
      // The first change only warms up.
      if (round < 0) continue;
      const figure = { confirmed: confirmedMs, least: watchMs + checkMs + configureMs, watchMs, checkMs, configureMs };
      for (const [name, value] of Object.entries(figure)) figures[name].push(value);
    }
    await watcher.cancel();
    return figures;
  } finally {
    await service.stop();
    await bird?.stop();
    await second?.stop();
  }
}
