// Generic mode: a one-time run, the way from a put to the file, a burst, and how it waits for an etcd that is gone.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { keys, makeTree, resourceName, serialKey } from './confd-tree.mjs';
import { startEtcd } from './etcd.mjs';
import { oneShot } from './one-shot.mjs';
import { bareNode, main } from './programs.mjs';
import { changeSummary, ms, shotSummary, shotTable, table } from './report.mjs';
import { footprint, startService } from './service.mjs';

const restMs = 600;
const WRITERS = 4;
const BURST = 200;
const DOWN_MS = 15_000;
const NAME = 'birdconfd confd';

const reloadsIn = async (output) =>
  (await readFile(join(output, 'reloads'), 'utf8').catch(() => '')).split('\n').length - 1;

/** `floor` is confd-floor.mjs, bundled. A peer finds its confdir, with templates of Go's, in BENCH_CONFDIR. */
function programsFor(floor, peers) {
  const own = (flag) => (endpoint, output) => {
    const state = ['-state-dir', join(output, 'state'), '-config-file', join(output, 'none.toml')];
    const flags = [
      '-backend',
      'etcdv3',
      '-node',
      endpoint,
      '-confdir',
      makeTree(output, 'handlebars'),
      '-log-level',
      'warn',
    ];
    return { args: [main, 'confd', flag, ...flags, ...state], env: {} };
  };
  const least = (mode) => (endpoint, output) => ({
    args: [floor, mode],
    env: { FLOOR_ENDPOINT: endpoint, FLOOR_OUTPUT: output },
  });
  const plugged = (mode, call) => (endpoint, output) => {
    const { shell, env } = call(endpoint, output);
    return { shell, env: { ...env, BENCH_MODE: mode, BENCH_CONFDIR: makeTree(output, 'go') } };
  };
  return [
    { name: NAME, once: own('-onetime'), watch: own('-watch') },
    { name: 'floor', once: least('once'), watch: least('watch') },
    ...peers.map(({ name, once, watch }) => ({ name, once: plugged('once', once), watch: plugged('watch', watch) })),
  ];
}

async function once(programs, runs) {
  const { endpoint, stop } = await startEtcd(keys());
  try {
    const bound = programs.map(({ name, once }) => ({ name, once: (output) => once(endpoint, output) }));
    return shotSummary(await oneShot([bareNode, ...bound], runs), NAME);
  } finally {
    await stop();
  }
}

/** One value after the other changes, in the etcd of one program after the other. */
async function changes(services, puts) {
  const figures = new Map(services.map(({ name }) => [name, { latencyMs: [], ackMs: [], cpuMs: 0 }]));
  for (let round = -1; round < puts; round++) {
    for (const { name, etcd, pid, arrival } of services) {
      await wait(restMs / services.length);
      const seen = arrival(`serial change-${round};`);
      const began = performance.now();
      await etcd.put(serialKey(0)).value(`change-${round}`);
      const ack = performance.now() - began;
      const latency = (await seen) - began;
      const figure = figures.get(name);
      // The first change only warms up; the CPU time counts from after it.
      if (round < 0) figure.cpuMs = -(await footprint(pid)).cpuMs;
      else {
        figure.latencyMs.push(latency);
        figure.ackMs.push(ack);
      }
    }
  }
  for (const { name, pid } of services) {
    const figure = figures.get(name);
    const { cpuMs, rssMib } = await footprint(pid);
    Object.assign(figure, { cpuMs: (figure.cpuMs + cpuMs) / puts, rssMib });
  }
  return figures;
}

/** `BURST` puts of one file's keys by some writers at once: how often the service was told, and when the last value was there. */
async function burst({ name, etcd, output, pid, arrival }) {
  const [before, reloads] = [await footprint(pid), await reloadsIn(output)];
  const settled = arrival('serial last;');
  const writer = async (w) => {
    const key = `/bench/${resourceName(0)}/backends/b${String(w).padStart(2, '0')}`;
    for (let i = 0; i < BURST / WRITERS; i++) await etcd.put(key).value(`198.51.100.${i}:1`);
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, w) => writer(w)));
  const began = performance.now();
  await etcd.put(serialKey(0)).value('last');
  const settledMs = (await settled) - began;
  await wait(2_000);
  const { cpuMs, rssMib } = await footprint(pid);
  return { name, reloads: (await reloadsIn(output)) - reloads, settledMs, cpuMs: cpuMs - before.cpuMs, rssMib };
}

/** CPU time while nobody answers, all programs at once. */
async function down(services) {
  for (const { kill9 } of services) await kill9();
  const before = await Promise.all(services.map(({ pid }) => footprint(pid)));
  await wait(DOWN_MS);
  const after = await Promise.all(services.map(({ pid }) => footprint(pid)));
  return services.map(({ name }, i) => ({ name, cpuMs: after[i].cpuMs - before[i].cpuMs, rssMib: after[i].rssMib }));
}

/** All of it, for birdconfd, the floor and the peers. */
export async function confd(floor, peers, { runs, puts }) {
  const programs = programsFor(floor, peers);
  const result = { once: await once(programs, runs) };
  const services = [];
  try {
    for (const program of programs) {
      services.push(await startService(program, keys(), { file: `${resourceName(0)}.conf` }));
    }
    for (const service of services) await service.arrival('serial first;');
    const change = await changes(services, puts);
    result.change = changeSummary(change, NAME);
    result.burst = [];
    for (const service of services) result.burst.push(await burst(service));
    result.down = await down(services);
    return result;
  } finally {
    for (const service of services) await service.stop();
  }
}

function changeTable({ rows, ratios }, against) {
  const cells = rows.map(({ name, latencyMs: { median, min, p95 }, cpuMs, rssMib }) => {
    const ratio = ratios.latencyMs[name];
    return [name, ...[median, min, p95].map(ms), ratio ? `${ratio.toFixed(2)}×` : '', ...[cpuMs, rssMib].map(ms)];
  });
  return table([['put → file', 'median ms', 'min', 'p95', against, 'CPU ms/change', 'RSS MiB'], ...cells]);
}

export function confdTables({ once, change, burst, down }) {
  const against = `${NAME} ÷`;
  return [
    shotTable(once, '50 files of 2,000 keys, once', against),
    changeTable(change, against),
    table([
      [`${BURST} puts by ${WRITERS} writers`, 'reloads', 'settled ms after the last put', 'CPU ms', 'RSS MiB'],
      ...burst.map(({ name, reloads, settledMs, cpuMs, rssMib }) => [
        name,
        String(reloads),
        ...[settledMs, cpuMs, rssMib].map(ms),
      ]),
    ]),
    table([
      [`etcd gone for ${DOWN_MS / 1000} s`, 'CPU ms', 'RSS MiB'],
      ...down.map(({ name, cpuMs, rssMib }) => [name, ms(cpuMs), ms(rssMib)]),
    ]),
  ].join('\n\n');
}
