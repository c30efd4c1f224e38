import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { nodeAddress, nodeKey, nodeValue } from './cluster.mjs';
import { startEtcd } from './etcd.mjs';

const patienceMs = 30_000;
/** Longer than the quiet time that the service may wait for after a change. */
const restMs = 600;

/** Runs one program as a service against an etcd of its own, so that a change meant for one does not wake the others. */
async function startService({ name, watch: command }, values) {
  const output = await mkdtemp(join(tmpdir(), 'birdconfd-bench-'));
  const { endpoint, etcd, stop: stopEtcd } = await startEtcd(values);
  const { args, env } = command(endpoint, output);
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint = (complaint + text).slice(-4000);
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    await stopEtcd();
    await rm(output, { recursive: true, force: true });
  };
  const arrival = (address) => fileWith(output, address, () => `${name}:\n${complaint}`);
  return { name, etcd, pid: child.pid, arrival, stop };
}

/** Resolves with the time (performance.now) at which bird.cfg was renamed into place with a peer of this address. */
function fileWith(dir, address, story) {
  const file = join(dir, 'bird.cfg');
  return new Promise((resolve, reject) => {
    const settle = (act) => {
      clearTimeout(timer);
      watcher.close();
      act();
    };
    const look = async (seen) => {
      const text = await readFile(file, 'utf8').catch(() => '');
      if (text.includes(`neighbor ${address} `)) settle(() => resolve(seen));
    };
    const late = () => reject(new Error(`no file with ${address} within ${patienceMs} ms from ${story()}`));
    const timer = setTimeout(() => settle(late), patienceMs);
    // Only the final name's own event: at a temporary file's, the new text might be found a moment later and dated too early.
    const watcher = watch(dir, (_, name) => {
      if (name === 'bird.cfg') void look(performance.now());
    });
    void look(performance.now());
  });
}

async function footprint(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  // Linux counts in hundredths of a second here, whatever its tick rate is.
  return { cpuMs: (user + system) * 10, peakMib: Number(status.match(/VmHWM:\s+(\d+)/)[1]) / 1024 };
}

/**
 * All programs run side by side; one node at a time joins the cluster, in the etcd of one program after the other.
 * @returns per program: latencyMs and ackMs in the order of the changes (from the put's start to the file's rename seen,
 *   and to etcd's answer), CPU time per change and the service's peak memory
 */
export async function latency(programs, nodes, values, puts) {
  const services = [];
  try {
    for (const program of programs) services.push(await startService(program, values));
    for (const service of services) await service.arrival(nodeAddress(nodes - 1));
    const figures = new Map(services.map(({ name }) => [name, { latencyMs: [], ackMs: [], cpuMs: 0, peakMib: 0 }]));
    for (let round = -1; round < puts; round++) {
      for (const { name, etcd, pid, arrival } of services) {
        await wait(restMs / services.length);
        const index = nodes + 1 + round;
        const seen = arrival(nodeAddress(index));
        const began = performance.now();
        await etcd.put(nodeKey(index)).value(nodeValue(index));
        const ack = performance.now() - began;
        const figure = figures.get(name);
        // The first change only warms up; the CPU time counts from after it.
        const latencyMs = (await seen) - began;
        if (round < 0) figure.cpuMs = -(await footprint(pid)).cpuMs;
        else {
          figure.latencyMs.push(latencyMs);
          figure.ackMs.push(ack);
        }
      }
    }
    for (const { name, pid } of services) {
      const figure = figures.get(name);
      const { cpuMs, peakMib } = await footprint(pid);
      figure.cpuMs = (figure.cpuMs + cpuMs) / puts;
      figure.peakMib = peakMib;
    }
    return figures;
  } finally {
    for (const service of services) await service.stop();
  }
}
