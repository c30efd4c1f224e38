#!/usr/bin/env node
// Many agents of one cluster through one `etcd grpc-proxy`: how many watches etcd sees, and how long one put takes to reach every file.
//   node bench/proxy.mjs [--agents 200] [--nodes 200] [--puts 20]
// All agents run on this machine: 85 MiB and some ms of CPU a change, each.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cluster, nodeAddress, nodeKey, nodeName, nodeValue } from './cluster.mjs';
import { freePort, startEtcd } from './etcd.mjs';
import { main } from './programs.mjs';
import { fileWith, footprint } from './service.mjs';
import { quantile } from './statistics.mjs';

const text = (fallback) => ({ type: 'string', default: fallback });
const { values: options } = parseArgs({ options: { agents: text('200'), nodes: text('200'), puts: text('20') } });
const [agents, nodes, puts] = [options.agents, options.nodes, options.puts].map(Number);

/** How many watches etcd itself serves. */
async function watchers(endpoint) {
  const metrics = await (await fetch(`${endpoint}/metrics`)).text();
  return Number(metrics.match(/^etcd_debugging_mvcc_watcher_total (\S+)/m)[1]);
}

/** Resolves with the time at which every agent's file holds the address. */
async function everywhere(dirs, address) {
  const wanted = `neighbor ${address} `;
  return Math.max(...(await Promise.all(dirs.map((dir) => fileWith(dir, 'bird.cfg', wanted, () => dir)))));
}

const dir = await mkdtemp(join(tmpdir(), 'birdconfd-proxy-'));
const { endpoint, etcd, stop } = await startEtcd(cluster(nodes));
const children = [];
try {
  const address = `127.0.0.1:${await freePort()}`;
  const proxyArgs = [
    'grpc-proxy',
    'start',
    '--endpoints',
    endpoint,
    '--listen-addr',
    address,
    '--data-dir',
    join(dir, 'proxy'),
  ];
  const proxy = spawn('etcd', proxyArgs, { stdio: 'ignore' });
  children.push(proxy);
  const dirs = Array.from({ length: agents }, (_, i) => join(dir, nodeName(i)));
  for (const [i, output] of dirs.entries()) {
    await mkdir(output);
    const where = [
      '--datastore',
      'etcdv3',
      '--endpoints',
      `http://${address}`,
      '--node',
      nodeName(i),
      '--output',
      output,
    ];
    const how = [
      '--layout',
      'calico',
      '--check',
      'none',
      '--bird-socket',
      join(output, 'a'),
      '--bird6-socket',
      join(output, 'b'),
    ];
    children.push(spawn(process.execPath, [main, 'run', ...where, ...how], { stdio: 'ignore' }));
    // A node's own address is in no file of its own: the last one's is in all others.
    if (i % 4 === 3) await everywhere(dirs.slice(0, i), nodeAddress(nodes - 1));
  }
  await wait(5_000);
  const served = await watchers(endpoint);
  const took = [];
  for (let round = -1; round < puts; round++) {
    await wait(1_000);
    const index = nodes + 1 + round;
    const seen = everywhere(dirs, nodeAddress(index));
    const began = performance.now();
    await etcd.put(nodeKey(index)).value(nodeValue(index));
    const ms = (await seen) - began;
    if (round >= 0) took.push(ms);
  }
  const [proxyUse, ...uses] = await Promise.all(children.map(({ pid }) => footprint(pid)));
  const rss = uses.reduce((sum, { rssMib }) => sum + rssMib, 0);
  console.log(`${agents} agents of ${nodes} nodes through one proxy, on ${cpus().length} cores: etcd serves ${served} watches.
One put reaches all files in ${quantile(took, 0.5).toFixed(0)} ms (median of ${puts}; min ${Math.min(...took).toFixed(0)}, p95 ${quantile(took, 0.95).toFixed(0)}).
Agents: ${(rss / agents).toFixed(0)} MiB each; the proxy: ${proxyUse.rssMib.toFixed(0)} MiB.`);
} finally {
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  }
  await stop();
  await rm(dir, { recursive: true, force: true });
}
