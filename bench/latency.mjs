import { setTimeout as wait } from 'node:timers/promises';
import { nodeAddress, nodeKey, nodeValue } from './cluster.mjs';
import { footprint, startService } from './service.mjs';
import { quantile } from './statistics.mjs';

/** Longer than the quiet time that the service may wait for after a change. */
const restMs = 600;
const idleMs = 5_000;

/**
 * All programs run side by side; one node at a time joins the cluster, in the etcd of one program after the other.
 * @returns per program: latencyMs and ackMs in the order of the changes (from the put's start to the file's rename seen,
 *   and to etcd's answer), CPU time per change, and at rest: CPU per second and memory
 */
export async function latency(programs, nodes, values, puts) {
  const services = [];
  try {
    for (const program of programs) services.push(await startService(program, values));
    for (const service of services) await service.arrival(`neighbor ${nodeAddress(nodes - 1)} `);
    const figures = new Map(services.map(({ name }) => [name, { latencyMs: [], ackMs: [], cpuMs: 0, peakMib: 0 }]));
    for (let round = -1; round < puts; round++) {
      for (const { name, etcd, pid, arrival } of services) {
        await wait(restMs / services.length);
        const index = nodes + 1 + round;
        const seen = arrival(`neighbor ${nodeAddress(index)} `);
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
      figure.cpuMs = (figure.cpuMs + (await footprint(pid)).cpuMs) / puts;
    }
    const before = await Promise.all(services.map(({ pid }) => footprint(pid)));
    await wait(idleMs);
    for (const [i, { name, pid }] of services.entries()) {
      const { cpuMs, peakMib, rssMib } = await footprint(pid);
      const idleMsPerSecond = (cpuMs - before[i].cpuMs) / (idleMs / 1000);
      Object.assign(figures.get(name), { idleMsPerSecond, peakMib, rssMib });
    }
    return figures;
  } finally {
    for (const service of services) await service.stop();
  }
}

/** One more of something at a time. @returns the median from the put's start to the file, CPU ms a change, and RSS at the end */
export async function oneMore(program, values, more, puts) {
  const { file } = more(0);
  const service = await startService(program, values, { file });
  try {
    await service.arrival('');
    await wait(restMs);
    const took = [];
    let warm = 0;
    for (let round = 0; round <= puts; round++) {
      const { key, value, text } = more(round);
      const seen = service.arrival(text);
      const began = performance.now();
      await service.etcd.put(key).value(value);
      const ms = (await seen) - began;
      await wait(restMs);
      // The first change only warms up.
      if (round === 0) warm = (await footprint(service.pid)).cpuMs;
      else took.push(ms);
    }
    const { cpuMs, rssMib } = await footprint(service.pid);
    return { medianMs: quantile(took, 0.5), cpuMs: (cpuMs - warm) / puts, rssMib };
  } finally {
    await service.stop();
  }
}
