// What the harness costs: every fixture, and a generated cluster of 1,000 nodes behind three route reflectors with `nodes: all`.
//   node bench/golden.mjs [--nodes N]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cluster, nodeKey, nodeName } from './cluster.mjs';
import { oneShot } from './one-shot.mjs';
import { median } from './statistics.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({ options: { nodes: { type: 'string', default: '1000' } } });
const main = join(root, 'dist/main.js');
const reflectors = [0, 1, 2];

/** The bench's cluster, in which every node has a session with each of three reflectors in place of the full mesh. */
function reflected(nodes) {
  const resources = '/calico/resources/v3/projectcalico.org/';
  const resource = (kind, name, spec) =>
    JSON.stringify({ kind, apiVersion: 'projectcalico.org/v3', metadata: { name }, spec });
  const entries = cluster(nodes);
  const defaults = { nodeToNodeMeshEnabled: false, asNumber: 64512 };
  entries[`${resources}bgpconfigurations/default`] = resource('BGPConfiguration', 'default', defaults);
  const selectors = { nodeSelector: 'all()', peerSelector: 'has(reflector)' };
  entries[`${resources}bgppeers/reflectors`] = resource('BGPPeer', 'reflectors', selectors);
  for (const index of reflectors) {
    const node = JSON.parse(entries[nodeKey(index)]);
    node.metadata = { name: nodeName(index), labels: { reflector: '' } };
    node.spec.bgp.routeReflectorClusterID = '10.0.0.1';
    entries[nodeKey(index)] = JSON.stringify(node);
  }
  return entries;
}

const folder = await mkdtemp(join(tmpdir(), 'birdconfd-bench-golden-'));
try {
  const data = Object.entries(reflected(Number(options.nodes)));
  const text = data.map(([key, value]) => `  ${key}: '${value}'\n`).join('');
  await writeFile(join(folder, 'in.yaml'), `kind: Case\nnodes: all\n---\nkind: Keys\ndata:\n${text}`);
  const test = (dir, ...more) => ({ args: [main, 'test', dir, '--check', 'none', ...more], env: { CI: '' } });
  await oneShot([{ name: 'accept', once: () => test(folder, '--update') }], 1);
  const figures = await oneShot(
    [
      { name: 'start-up', once: () => ({ args: [main, 'test', '--help'], env: {} }) },
      { name: 'fixtures', once: () => test(join(root, 'fixtures')) },
      { name: `${options.nodes} nodes`, once: () => test(folder) },
    ],
    3,
  );
  for (const [name, { wallMs, cpuMs, peakMib }] of figures) {
    const [wall, cpu, peak] = [wallMs, cpuMs, peakMib].map((all) => Math.round(median(all)));
    process.stdout.write(`${name.padEnd(12)} ${wall} ms (${cpu} ms CPU), ${peak} MiB\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
