// What a service makes of many changes at once: how often it writes, when it has settled, and what that costs.

import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cluster, nodeAddress, nodeKey, nodeName, nodeValue } from './cluster.mjs';
import { footprint, startService } from './service.mjs';

const labelled = (index, round) => {
  const value = JSON.parse(nodeValue(index));
  return JSON.stringify({ ...value, metadata: { ...value.metadata, labels: { round: String(round) } } });
};

/** Put by put, as many as etcd takes at a time from one client. */
async function putAll(etcd, entries) {
  for (let at = 0; at < entries.length; at += 50) {
    await Promise.all(entries.slice(at, at + 50).map(([key, value]) => etcd.put(key).value(value)));
  }
}

/** `count` puts, each with a new value of one of 100 nodes and at the end one node more; or `count` nodes that join. */
const BURSTS = {
  '1,000 puts': (nodes) => [
    ...Array.from({ length: 999 }, (_, i) => [nodeKey(1 + (i % 100)), labelled(1 + (i % 100), i)]),
    [nodeKey(nodes), nodeValue(nodes)],
  ],
  '1,000 nodes added': (nodes) =>
    Array.from({ length: 1000 }, (_, i) => [nodeKey(nodes + 1 + i), nodeValue(nodes + 1 + i)]),
};

/** @returns per burst and program: how often the file was written, ms from the last put's answer to the final file, CPU ms */
export async function bursts(programs, nodes) {
  const results = [];
  for (const program of programs) {
    const service = await startService(program, cluster(nodes));
    try {
      await service.arrival(`neighbor ${nodeAddress(nodes - 1)} `);
      for (const [burst, entriesOf] of Object.entries(BURSTS)) {
        await wait(3_000);
        let writes = 0;
        const watcher = watch(service.output, (kind, name) => {
          if (name === 'bird.cfg' && kind === 'rename') writes++;
        });
        const entries = entriesOf(nodes);
        const last = Number(entries.at(-1)[0].slice(-5));
        const before = await footprint(service.pid);
        const settled = service.arrival(`neighbor ${nodeAddress(last)} `);
        await putAll(service.etcd, entries);
        const answered = performance.now();
        const settledMs = (await settled) - answered;
        await wait(2_000);
        watcher.close();
        const { cpuMs } = await footprint(service.pid);
        const text = await readFile(join(service.output, 'bird.cfg'), 'utf8');
        const missing = entries.filter(([key]) => !text.includes(`neighbor ${nodeAddress(Number(key.slice(-5)))} `));
        if (missing.length > 0) throw new Error(`${program.name}, ${burst}: ${missing.length} nodes are missing`);
        results.push({ burst, name: program.name, writes, settledMs, cpuMs: cpuMs - before.cpuMs });
      }
    } finally {
      await service.stop();
    }
  }
  return results;
}

/** RSS of birdconfd over `changes` changes of one node: after a tenth of them, and at the end. */
export async function flatness(program, nodes, changes) {
  const service = await startService(program, cluster(nodes));
  try {
    await service.arrival(`neighbor ${nodeAddress(nodes - 1)} `);
    const seen = [];
    for (let round = 0; round < changes; round++) {
      const index = nodes + (round % 2);
      const key = nodeKey(index);
      if (round % 4 < 2) await service.etcd.put(key).value(nodeValue(index));
      else await service.etcd.delete().key(key);
      if (round % Math.ceil(changes / 10) === 0) seen.push((await footprint(service.pid)).rssMib);
    }
    seen.push((await footprint(service.pid)).rssMib);
    return { node: nodeName(0), changes, rssMib: seen };
  } finally {
    await service.stop();
  }
}
