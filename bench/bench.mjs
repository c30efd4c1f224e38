#!/usr/bin/env node
// What birdconfd costs beside the least that any program on Node and etcd3 must do, in one interleaved run.
//   npm run bench [-- --nodes 100,1000 --runs 11 --puts 31 --json FILE]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cluster, nodeAddress, nodeName } from './cluster.mjs';
import { startEtcd } from './etcd.mjs';
import { latency } from './latency.mjs';
import { oneShot } from './one-shot.mjs';
import { median, pairedRatio, quantile } from './statistics.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100,1000' },
    runs: { type: 'string', default: '11' },
    puts: { type: 'string', default: '31' },
    json: { type: 'string' },
  },
});
const positive = (name, text) => {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name}: "${text}" is not a positive number`);
  return Number(text);
};
const sizes = options.nodes.split(',').map((text) => positive('nodes', text));
const runs = positive('runs', options.runs);
const puts = positive('puts', options.puts);

const own = nodeName(0);
const subject = 'birdconfd';
const against = `${subject} ÷`;
const main = join(root, 'dist/main.js');
const labFloor = join(root, '../shared/lab/floor.cjs');

/** The programs; `floor` is ours, bundled as birdconfd is, so that both start without reading node_modules. */
function programsFor(floor) {
  const common = (endpoint, output) =>
    `--datastore etcdv3 --endpoints ${endpoint} --node ${own} --layout calico --output ${output}`.split(' ');
  const birdconfd = {
    name: subject,
    once: (endpoint, output) => ({ args: [main, 'render', ...common(endpoint, output)], env: {} }),
    watch: (endpoint, output) => {
      const absent = ['--bird-socket', join(output, 'absent.ctl'), '--bird6-socket', join(output, 'absent6.ctl')];
      return { args: [main, 'run', ...common(endpoint, output), '--check', 'none', ...absent], env: {} };
    },
  };
  const floorEnv = (endpoint, output) => ({ FLOOR_ENDPOINT: endpoint, FLOOR_NODE: own, FLOOR_OUTPUT: output });
  const ours = {
    name: 'floor',
    once: (endpoint, output) => ({ args: [floor, 'once'], env: floorEnv(endpoint, output) }),
    watch: (endpoint, output) => ({ args: [floor, 'watch'], env: floorEnv(endpoint, output) }),
  };
  const labEnv = (endpoint, output) => ({
    BB_EP: endpoint.replace('http://', ''),
    BB_DEST: output,
    NODENAME: own,
    IP: nodeAddress(0),
    NODE_PATH: join(root, 'node_modules'),
  });
  const lab = {
    name: 'lab floor',
    once: (endpoint, output) => ({ args: [labFloor, 'onetime'], env: labEnv(endpoint, output) }),
    watch: (endpoint, output) => ({ args: [labFloor, 'watch'], env: labEnv(endpoint, output) }),
  };
  return [birdconfd, ours, ...(existsSync(labFloor) ? [lab] : [])];
}

const bareNode = { name: 'bare node', once: () => ({ args: ['--eval', '0'], env: {} }) };

async function measureSize(programs, nodes) {
  const values = cluster(nodes);
  const { endpoint, stop } = await startEtcd(values);
  let shots;
  try {
    const bound = programs.map(({ name, once }) => ({ name, once: (output) => once(endpoint, output) }));
    shots = await oneShot([bareNode, ...bound], runs);
  } finally {
    await stop();
  }
  const changes = await latency(programs, nodes, values, puts);
  return { nodes, shots, changes };
}

function summary({ nodes, shots, changes }) {
  const ratios = (figures, key, name) =>
    Object.fromEntries(
      [...figures]
        .filter(([other]) => other !== name)
        .map(([other, f]) => [other, pairedRatio(figures.get(name)[key], f[key])]),
    );
  const render = [...shots].map(([name, f]) => ({
    name,
    wallMs: { min: Math.min(...f.wallMs), median: median(f.wallMs) },
    cpuMs: { min: Math.min(...f.cpuMs), median: median(f.cpuMs) },
    peakMib: median(f.peakMib),
  }));
  const change = [...changes].map(([name, f]) => ({
    name,
    latencyMs: { min: Math.min(...f.latencyMs), median: median(f.latencyMs), p95: quantile(f.latencyMs, 0.95) },
    ackMs: median(f.ackMs),
    cpuMs: f.cpuMs,
    peakMib: f.peakMib,
  }));
  return {
    nodes,
    render,
    renderRatios: {
      wall: ratios(shots, 'wallMs', subject),
      cpu: ratios(shots, 'cpuMs', subject),
      peak: ratios(shots, 'peakMib', subject),
    },
    change,
    changeRatios: { latency: ratios(changes, 'latencyMs', subject) },
  };
}

const table = (rows) => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
};
const ms = (value) => value.toFixed(1);
const times = (ratio) => (ratio === undefined ? '' : `${ratio.toFixed(2)}×`);

function report({ nodes, render, renderRatios, change, changeRatios }) {
  const head = ['render once', 'wall ms', 'min', against, 'CPU ms', 'min', against, 'peak MiB', against];
  const rows = render.map(({ name, wallMs, cpuMs, peakMib }) => [
    name,
    ms(wallMs.median),
    ms(wallMs.min),
    times(renderRatios.wall[name]),
    ms(cpuMs.median),
    ms(cpuMs.min),
    times(renderRatios.cpu[name]),
    ms(peakMib),
    times(renderRatios.peak[name]),
  ]);
  const changeHead = ['put → file', 'median ms', 'min', 'p95', against, "etcd's ack", 'CPU ms/change', 'peak MiB'];
  const changeRows = change.map(({ name, latencyMs, ackMs, cpuMs, peakMib }) => [
    name,
    ms(latencyMs.median),
    ms(latencyMs.min),
    ms(latencyMs.p95),
    times(changeRatios.latency[name]),
    ms(ackMs),
    ms(cpuMs),
    ms(peakMib),
  ]);
  return `\n${nodes} nodes\n\n${table([head, ...rows])}\n\n${table([changeHead, ...changeRows])}`;
}

const scratch = mkdtempSync(join(tmpdir(), 'birdconfd-bench-floor-'));
try {
  const build = [join(root, 'scripts/build.mjs'), '--entry', join(root, 'bench/floor.mjs'), '--outdir', scratch];
  execFileSync(process.execPath, build, { stdio: 'inherit' });
  const programs = programsFor(join(scratch, 'main.js'));
  const machine = `Node ${process.versions.node}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)} at the start`;
  console.log(`${machine}; medians of ${runs} runs and ${puts} changes, the programs in turn.
A column "${against}": birdconfd's figure divided by this row's, pair by pair (median). Wall: from outside, spawn to exit. CPU and
peak memory: the process's own cpuUsage and VmHWM at its exit; of a service /proc's. A change: one node joins.`);
  const results = [];
  for (const nodes of sizes) {
    const result = summary(await measureSize(programs, nodes));
    results.push(result);
    console.log(report(result));
  }
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, runs, puts, results }, null, 2)}\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
