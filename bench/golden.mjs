// What the harness costs: every fixture, and generated clusters of 1,000 nodes with `nodes: all`, behind three route reflectors and in a
// full mesh.
//   node bench/golden.mjs [--nodes N] [--runs N]
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cluster, nodeKey, nodeName } from './cluster.mjs';
import { oneShot } from './one-shot.mjs';
import { median } from './statistics.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: { nodes: { type: 'string', default: '1000' }, runs: { type: 'string', default: '3' } },
});
const main = join(root, 'dist/main.js');
const REFLECTORS = [0, 1, 2];

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
  for (const index of REFLECTORS) {
    const node = JSON.parse(entries[nodeKey(index)]);
    node.metadata = { name: nodeName(index), labels: { reflector: '' } };
    node.spec.bgp.routeReflectorClusterID = '10.0.0.1';
    entries[nodeKey(index)] = JSON.stringify(node);
  }
  return entries;
}

/** The bench's cluster as the only case of a folder. */
async function writeCase(folder, entries) {
  const text = Object.entries(entries).map(([key, value]) => `  ${key}: '${value}'\n`);
  await mkdir(folder);
  await writeFile(join(folder, 'in.yaml'), `kind: Case\nnodes: all\n---\nkind: Keys\ndata:\n${text.join('')}`);
}

const folder = await mkdtemp(join(tmpdir(), 'birdconfd-bench-golden-'));
try {
  const nodes = Number(options.nodes);
  const [reflectors, mesh] = [join(folder, 'reflectors'), join(folder, 'mesh')];
  await writeCase(reflectors, reflected(nodes));
  await writeCase(mesh, cluster(nodes));
  const test = (dir, ...more) => ({ args: [main, 'test', dir, '--check', 'none', ...more], env: { CI: '' } });
  const accepted = await oneShot(
    [
      { name: 'reflectors --update', once: () => test(reflectors, '--update') },
      { name: 'mesh --update', once: () => test(mesh, '--update') },
    ],
    1,
  );
  const compared = await oneShot(
    [
      { name: 'start-up', once: () => ({ args: [main, 'test', '--help'], env: {} }) },
      { name: 'fixtures', once: () => test(join(root, 'fixtures')) },
      { name: 'reflectors', once: () => test(reflectors) },
      { name: 'mesh', once: () => test(mesh) },
    ],
    Number(options.runs),
  );
  const figures = [...compared, ...accepted];
  for (const [name, { wallMs, cpuMs, peakMib }] of figures) {
    const [wall, cpu, peak] = [wallMs, cpuMs, peakMib].map((all) => Math.round(median(all)));
    process.stdout.write(`${name.padEnd(20)} ${wall} ms (${cpu} ms CPU), ${peak} MiB\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
