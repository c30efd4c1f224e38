#!/usr/bin/env node
// What birdconfd costs beside the least that any program on Node and etcd3 must do, in one interleaved run.
//   npm run bench -- --nodes 100,1000,5000 --runs 11 --puts 31 [--parts render,files,change,confirmed,burst,shapes,flat,confd]
//                    [--json FILE] [--svg FILE] [--node-binary PATH] [--peer NAME='command'] …
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bursts, flatness } from './burst.mjs';
import { chart } from './chart.mjs';
import { cluster, nodeName } from './cluster.mjs';
import { confd, confdTables } from './confd.mjs';
import { confirmed } from './confirmed.mjs';
import { startEtcd } from './etcd.mjs';
import { latency, oneMore } from './latency.mjs';
import { oneShot } from './one-shot.mjs';
import { bareNode, main, peer, programsFor, rangeRead, root, subject } from './programs.mjs';
import {
  burstTable,
  changeSummary,
  changeTable,
  confirmedLine,
  confirmedSummary,
  ms,
  shapeTable,
  shotSummary,
  shotTable,
} from './report.mjs';
import { runtime } from './service.mjs';
import { SHAPES } from './shapes.mjs';

const { values: options } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100,1000' },
    runs: { type: 'string', default: '11' },
    puts: { type: 'string', default: '31' },
    changes: { type: 'string', default: '10000' },
    parts: { type: 'string', default: 'render,files,change,confirmed' },
    peer: { type: 'string', multiple: true, default: [] },
    'node-binary': { type: 'string', default: process.execPath },
    json: { type: 'string' },
    svg: { type: 'string' },
  },
});
const positive = (name, text) => {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name}: "${text}" is not a positive number`);
  return Number(text);
};
const sizes = options.nodes.split(',').map((text) => positive('nodes', text));
const [runs, puts, changes] = ['runs', 'puts', 'changes'].map((name) => positive(name, options[name]));
const parts = new Set(options.parts.split(','));
runtime.node = options['node-binary'];
const against = `${subject} ÷`;

/** Every program once, against one etcd that nothing changes. */
async function render(programs, values) {
  const { endpoint, stop } = await startEtcd(values);
  try {
    const bound = programs.map(({ name, once }) => ({ name, once: (output) => once(endpoint, output) }));
    return shotSummary(await oneShot(bound, runs), subject);
  } finally {
    await stop();
  }
}

/** From files there is no floor but Node itself. */
async function fromFiles(values, scratch) {
  const input = join(scratch, 'dump.json');
  const documents = Object.entries(values).map(([, value]) => JSON.parse(value));
  writeFileSync(
    input,
    documents
      .filter(({ kind }) => kind)
      .map((each) => JSON.stringify(each))
      .join('\n---\n'),
  );
  const flags = (output) => ['--input', input, '--node', nodeName(0), '--layout', 'calico', '--output', output];
  const ours = { name: subject, once: (output) => ({ args: [main, 'render', ...flags(output)], env: {} }) };
  return shotSummary(await oneShot([bareNode, ours], runs), subject);
}

async function measureSize(programs, nodes, scratch) {
  const values = cluster(nodes);
  const services = programs.filter(({ watch }) => watch);
  const result = { nodes };
  if (parts.has('render')) result.render = await render([bareNode, rangeRead(programs), ...programs], values);
  if (parts.has('files')) result.files = await fromFiles(values, scratch);
  if (parts.has('change')) result.change = changeSummary(await latency(services, nodes, values, puts), subject);
  if (parts.has('confirmed')) result.confirmed = confirmedSummary(await confirmed(main, nodes, puts));
  if (parts.has('burst')) result.bursts = await bursts(services, nodes);
  if (parts.has('flat')) result.flat = await flatness(programs[0], nodes, changes);
  return result;
}

function tell({ nodes, render, files, change, confirmed, bursts, flat }) {
  console.log(`\n${nodes} nodes`);
  if (render) console.log(`\n${shotTable(render, 'once, from etcd', against)}`);
  if (files) console.log(`\n${shotTable(files, 'once, from files', against)}`);
  if (change) console.log(`\n${changeTable(change, against)}`);
  if (confirmed) console.log(`\n${confirmedLine(confirmed)}`);
  if (bursts) console.log(`\n${burstTable(bursts)}`);
  if (flat) console.log(`\nRSS over ${flat.changes} changes, MiB: ${flat.rssMib.map(ms).join(' ')}`);
}

/** Each shape at half its size and at its size: what is linear costs at most twice as much. */
async function measureShapes([birdconfd]) {
  const results = [];
  for (const [shape, { size, of, more }] of Object.entries(SHAPES)) {
    for (const n of [size / 2, size]) {
      const { rows } = await render([birdconfd], of(n));
      const change = await oneMore(birdconfd, of(n), more, puts);
      results.push({ shape, n, ...rows[0], change });
    }
  }
  return results;
}

const scratch = mkdtempSync(join(tmpdir(), 'birdconfd-bench-floor-'));
/** A floor, bundled. */
function built(name) {
  const outdir = join(scratch, name);
  const build = [join(root, 'scripts/build.mjs'), '--entry', join(root, `bench/${name}.mjs`), '--outdir', outdir];
  execFileSync(process.execPath, build, { stdio: 'inherit' });
  return join(outdir, 'main.js');
}
try {
  const programs = programsFor(built('floor'), options.peer);
  const version = execFileSync(runtime.node, ['--version'], { encoding: 'utf8' }).trim();
  const machine = `Node ${version}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)} at the start`;
  console.log(`${machine}; medians of ${runs} runs and ${puts} changes, the programs in turn.
A column "${against}": birdconfd's figure divided by this row's, pair by pair (median). Wall: from outside, spawn to exit. CPU and
peak memory: the process's own cpuUsage and VmHWM at its exit; of a service /proc's. A change: one node joins.`);
  const results = [];
  for (const nodes of sizes) {
    const result = await measureSize(programs, nodes, scratch);
    results.push(result);
    tell(result);
  }
  const shapes = parts.has('shapes') ? await measureShapes(programs) : [];
  if (shapes.length > 0) console.log(`\n${shapeTable(shapes)}`);
  const generic = parts.has('confd') ? await confd(built('confd-floor'), options.peer.map(peer), { runs, puts }) : null;
  if (generic) console.log(`\n${confdTables(generic)}`);
  const all = { machine, runs, puts, results, shapes, confd: generic };
  if (options.json) writeFileSync(options.json, `${JSON.stringify(all, null, 2)}\n`);
  if (options.svg) {
    const line = (name) =>
      results.map((r) => [r.nodes, r.change.rows.find((row) => row.name === name).latencyMs.median]);
    const lines = Object.fromEntries(programs.filter(({ watch }) => watch).map(({ name }) => [name, line(name)]));
    writeFileSync(options.svg, chart('put → file, median ms', lines));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
