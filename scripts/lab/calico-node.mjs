// The inside of calico/node for a node of the lab. The contracts are in calico-node.d.mts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The complete lines of a JSON log. */
function eventsIn(file) {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

/** @type {typeof import('./calico-node.d.mts').startCalicoNode} */
export async function startCalicoNode(node, { dir, datastore, signal }) {
  const [output, logFile] = [join(dir, 'etc'), join(dir, 'birdconfd.log')];
  const files = { bird: join(output, 'bird.conf'), bird6: join(output, 'bird6.conf') };
  const sockets = { bird: join(dir, 'bird.ctl'), bird6: join(dir, 'bird6.ctl') };
  mkdirSync(dir, { recursive: true });
  const service = [process.execPath, MAIN, 'run', '--node', node.name, ...datastore];
  const places = ['--output', output, '--state-dir', join(dir, 'state'), '--log-format', 'json'];
  const daemons = ['--bird-socket', sockets.bird, '--bird6-socket', sockets.bird6];
  const log = openSync(logFile, 'a');
  // Nothing of our environment: NODENAME and ETCD_ENDPOINTS would count. It dies with this process, however that ends.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...service, ...places, ...daemons], {
    stdio: ['ignore', log, log],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  closeSync(log);
  const ended = once(child, 'exit');
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  };
  const start = (name) =>
    node.startBird({ binary: name, configFile: files[name], socket: sockets[name], log: join(dir, `${name}.log`) });
  const startBirds = async () => {
    const [bird, bird6] = await Promise.all([start('bird'), start('bird6')]);
    return { bird, bird6 };
  };
  const missing = () => {
    if (child.exitCode !== null) throw new Error(`birdconfd of ${node.name} ended with ${child.exitCode}`);
    return Object.values(files).filter((file) => !existsSync(file));
  };
  try {
    await until(`birdconfd of ${node.name} writes`, missing, { timeoutMs: 20_000, signal });
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${readFileSync(logFile, 'utf8')}`, { cause: error });
  }
  return { node, configFile: files.bird, logFile, events: () => eventsIn(logFile), startBirds, stop };
}
