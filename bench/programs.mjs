// What is measured side by side: each program once (`once(output)` or with an endpoint) and as a service (`watch(endpoint, output)`).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeAddress, nodeName } from './cluster.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const main = join(root, 'dist/main.js');
export const subject = 'birdconfd';
const own = nodeName(0);
const labFloor = join(root, '../shared/lab/floor.cjs');

/** A plugged-in program: its command is given where to read, who it is, where to write and whether to run `once` or `watch`. */
export function peer(text) {
  const [name, ...rest] = text.split('=');
  const shell = rest.join('=');
  if (!name || !shell) throw new Error(`--peer: "${text}" is not NAME='command'`);
  const call = (mode) => (endpoint, output) => ({
    shell,
    env: { BENCH_ENDPOINT: endpoint, BENCH_NODE: own, BENCH_OUTPUT: output, BENCH_MODE: mode },
  });
  return { name, once: call('once'), watch: call('watch') };
}

/**
 * The floor runs on etcd3 as it is installed; `bundled` is the same program built as birdconfd is, which only tells at a start. The lab's
 * floor is a check on it. What has no `watch` is not run as a service.
 */
export function programsFor(bundled, peers) {
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
  const floorCall = (program, mode) => (endpoint, output) => ({
    args: [program, mode],
    env: floorEnv(endpoint, output),
  });
  const floor = join(root, 'bench/floor.mjs');
  const labEnv = (endpoint, output) => ({
    BB_EP: endpoint.replace('http://', ''),
    BB_DEST: output,
    NODENAME: own,
    IP: nodeAddress(0),
    NODE_PATH: join(root, 'node_modules'),
  });
  const labCall = (mode) => (endpoint, output) => ({ args: [labFloor, mode], env: labEnv(endpoint, output) });
  const lab = { name: 'lab floor', once: labCall('onetime'), watch: labCall('watch') };
  return [
    birdconfd,
    {
      name: 'floor',
      once: floorCall(floor, 'once'),
      watch: floorCall(floor, 'watch'),
      range: floorCall(floor, 'range'),
    },
    { name: 'floor, bundled', once: floorCall(bundled, 'once') },
    ...(existsSync(labFloor) ? [lab] : []),
    ...peers.map(peer),
  ];
}

/** What there is below every program: Node itself, and Node that reads the keys and does nothing with them. */
export const bareNode = { name: 'bare node', once: () => ({ args: ['--eval', '0'], env: {} }) };
export const rangeRead = (programs) => ({ name: 'range read', once: programs.find(({ range }) => range).range });
