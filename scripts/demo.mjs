#!/usr/bin/env node
// A cluster of three nodes and two routers in network namespaces of their own: real BIRDs, each node's configured by a
// birdconfd from the YAML in fixtures/demo, which is then edited. Exit 0 only if every session and every route arrived.
//   node scripts/demo.mjs [--keep]
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EDITS, NODES, ROUTERS, START } from './demo/edits.mjs';
import { expectedRoutes, expectedSessions, missingRoutes, missingSessions, sessionsOf } from './demo/network.mjs';
import { heading, paint, progress, say, showDiff, table } from './demo/screen.mjs';
import { becomeRoot } from './lab/become-root.mjs';
import { startCalicoNode } from './lab/calico-node.mjs';
import { labUp } from './lab/lab.mjs';
import { until } from './lab/until.mjs';

const FIXTURES = fileURLToPath(new URL('../fixtures/demo', import.meta.url));
const ARRIVES_MS = 45_000;
const TAIL_LINES = 8;

/** Everything that runs: `services` and `birds` by the name of the node or router that they run on. */
const demo = { dir: '', lab: null, services: new Map(), birds: new Map(), stop: new AbortController(), exitCode: 1 };

const input = (file = '') => join(demo.dir, 'input', file);
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const nodeBirds = () => new Map([...demo.birds].filter(([name]) => demo.services.has(name)));

/** The confirmed reloads of a node's bird so far. */
const reloads = (service) =>
  service.events().filter((e) => e.event === 'pass' && e.target === 'bird' && e.outcome === 'confirmed');
const reloadCounts = () => new Map([...demo.services].map(([name, service]) => [name, reloads(service).length]));

/** Resolves once the network is as `state` says and every node has confirmed more reloads than `before` (name → count). */
async function arrive(what, state, before) {
  const since = performance.now();
  const [sessions, routes] = [expectedSessions(state), expectedRoutes(state)];
  const missing = async () => {
    const owed = [...demo.services].filter(([name, service]) => reloads(service).length <= before.get(name));
    const lists = await Promise.all([missingSessions(nodeBirds(), sessions), missingRoutes(demo.birds, routes)]);
    progress(`  ${seconds(since)}: waiting for ${lists[0].length} sessions and ${lists[1].length} routes`);
    return [...owed.map(([name]) => `${name} has no reload confirmed`), ...lists.flat()];
  };
  await until(what, missing, { timeoutMs: ARRIVES_MS, signal: demo.stop.signal });
  say(`  ${sessions.length} sessions Established and ${routes.length} routes in place after ${seconds(since)}`);
}

async function start() {
  cpSync(FIXTURES, demo.dir, { recursive: true });
  for (const file of ['cluster.yaml', 'addresses.yaml', 'peers.yaml']) cpSync(join(FIXTURES, file), input(file));
  demo.lab = await labUp({ nodes: [...NODES, ...ROUTERS] });
  for (const { name } of ROUTERS) demo.birds.set(name, await startRouter(name));
  const { signal } = demo.stop;
  const starting = NODES.map(({ name }) => {
    const options = { dir: join(demo.dir, name), datastore: ['--input', input()], signal };
    return startCalicoNode(demo.lab.node(name), options);
  });
  // All of them, also where one fails: what has started is stopped at the end.
  const results = await Promise.allSettled(starting);
  for (const { value } of results) if (value) demo.services.set(value.node.name, value);
  for (const { status, reason } of results) if (status === 'rejected') throw reason;
}

const startRouter = (name) =>
  demo.lab.node(name).startBird({
    binary: 'bird',
    configFile: join(demo.dir, 'routers', `${name}.conf`),
    socket: join(demo.dir, `${name}.ctl`),
    log: join(demo.dir, `${name}.log`),
  });

/** The first configuration is there before the daemon that reads it: its reload stays owed, and is made up for. */
async function meetBird() {
  const owes = (service) => service.events().some((e) => e.target === 'bird' && e.code === 'socket-missing');
  const missing = async () =>
    [...demo.services].flatMap(([name, service]) =>
      owes(service) ? [] : [`${name} does not say that it owes a reload`],
    );
  await until('the services start', missing, { timeoutMs: ARRIVES_MS, signal: demo.stop.signal });
  say('  bird.conf written on every node; no BIRD is there to read it yet, so its reload is owed (socket-missing)');
  const before = reloadCounts();
  const started = await Promise.all([...demo.services.values()].map((service) => service.startBirds()));
  [...demo.services.keys()].forEach((name, i) => {
    demo.birds.set(name, started[i].bird);
  });
  await arrive('the cluster comes up', START, before);
}

/** Carries out one edit and checks what came of it. */
async function carryOut({ folder, title, files, router, watched, restarts, expected }) {
  heading(title);
  const from = join(demo.dir, 'edits', folder);
  const { configFile } = demo.services.get(watched);
  copyFileSync(configFile, join(demo.dir, 'before.conf'));
  const sessionsBefore = await sessionsOf(nodeBirds());
  const reloadsBefore = reloadCounts();
  for (const file of files) {
    showDiff(`the edit: ${file}`, input(file), join(from, file));
    // A rename, as editors save: birdconfd never sees half a file.
    copyFileSync(join(from, file), input(`.${file}`));
    renameSync(input(`.${file}`), input(file));
  }
  if (router) {
    copyFileSync(join(from, `${router}.conf`), join(demo.dir, 'routers', `${router}.conf`));
    await demo.birds.get(router).ask('configure');
  }
  await arrive(title, expected, reloadsBefore);
  showDiff(`what birdconfd made of it: bird.conf of ${watched}`, join(demo.dir, 'before.conf'), configFile);
  showReloads(reloadsBefore);
  await showSessions(sessionsBefore, restarts);
}

function showReloads(before) {
  const passes = [...demo.services].flatMap(([name, service]) =>
    reloads(service)
      .slice(before.get(name))
      .map(({ ms }) => [name, `${ms.check} ms`, `${ms.commit} ms`, `${ms.reload} ms`, 'confirmed by BIRD']),
  );
  table(['node', 'bird -p', 'commit', 'reload', ''], passes);
}

/** A table of the nodes' sessions, with what the last edit did to each. Throws when it touched one that it does not concern. */
async function showSessions(before, restarts) {
  const rows = (await sessionsOf(nodeBirds())).map(({ on, name, info, since, timesDown }) => {
    const old = before.find((row) => row.on === on && row.name === name);
    const fate = !old ? 'new' : old.timesDown === timesDown ? 'untouched' : 'restarted';
    return [on, name, info, since, fate];
  });
  const colours = { new: 'green', restarted: 'yellow', untouched: null };
  table(['node', 'session', 'state', 'since', ''], rows, (row) => colours[row[4]]);
  const wrong = rows.find(([, name, , , fate]) => fate === 'restarted' && !restarts(name));
  if (wrong) throw new Error(`${wrong[0]} restarted ${wrong[1]}, which the edit does not concern`);
}

/** Where every speaker sends what is for a block: the best way, and how many others it knows. */
async function showRoutes({ blocks }) {
  const names = [...NODES, ...ROUTERS].map(({ name }) => name);
  const tables = await Promise.all(names.map((name) => demo.birds.get(name).routes()));
  const cell = (routes, prefix) => {
    const [best, ...others] = routes.filter((route) => route.prefix === prefix);
    const more = others.length > 0 ? ` (+${others.length})` : '';
    return best ? `${best.via.replace(/^via (.*) on eth0$/, '$1')}${more}` : '-';
  };
  table(
    ['block', ...names],
    blocks.map(({ prefix }) => [prefix, ...tables.map((routes) => cell(routes, prefix))]),
  );
}

async function stay() {
  const { birds, dir, lab } = demo;
  // Root of a user namespace has to be entered as such.
  const isMapped = !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  const enter = isMapped ? 'nsenter --user --preserve-credentials --net' : 'nsenter --net';
  heading('It runs on. In another terminal:');
  say(`  edit the cluster          $EDITOR ${input('peers.yaml')}`);
  say(`  a node's configuration    less ${demo.services.get('node-a').configFile}`);
  say(`  its birdconfd             tail -f ${join(dir, 'node-a', 'birdconfd.log')}`);
  say(`  its BIRD                  birdc -s ${birds.get('node-a').socket} show protocols`);
  say(`  its kernel                ${enter} -t ${lab.node('node-a').pid} ip route`);
  say(`  a router                  birdc -s ${birds.get('router-1').socket} show route`);
  say('Ctrl-C ends it all.');
  await wait(2 ** 31 - 1, null, { signal: demo.stop.signal });
}

/** The last lines of every log, for who has to find out why. */
function showLogs() {
  const logs = [...NODES.flatMap(({ name }) => [join(name, 'birdconfd.log'), join(name, 'bird.log')])];
  for (const log of [...logs, ...ROUTERS.map(({ name }) => `${name}.log`)]) {
    const file = join(demo.dir, log);
    if (!existsSync(file)) continue;
    heading(log);
    say(readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n'));
  }
}

async function cleanUp() {
  await Promise.all([...demo.services.values()].map((service) => service.stop()));
  await demo.lab?.down();
  rmSync(demo.dir, { recursive: true, force: true });
}

async function main() {
  const { values: options } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
  if (!(await becomeRoot())) return;
  const began = performance.now();
  demo.dir = mkdtempSync(join(tmpdir(), 'birdconfd-demo-'));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    // More than once: a terminal and the process above us may both pass it on, and the first is enough.
    process.on(signal, () => {
      demo.exitCode = 128 + constants.signals[signal];
      demo.stop.abort();
    });
  }
  try {
    heading('Three nodes in a full mesh, and a router: every node has two mesh sessions and an external one');
    await start();
    await meetBird();
    await showSessions([], () => true);
    await showRoutes(START);
    for (const edit of EDITS) await carryOut(edit);
    await showRoutes(EDITS.at(-1).expected);
    heading(`Everything arrived, ${seconds(began)} in all.`);
    if (options.keep) await stay();
  } catch (error) {
    process.exitCode = demo.exitCode;
    if (demo.stop.signal.aborted) say('Ended.');
    else {
      heading(paint('red', `The demo failed: ${error.message}`));
      showLogs();
    }
  } finally {
    await cleanUp();
  }
}

await main();
