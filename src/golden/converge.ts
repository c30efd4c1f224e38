import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab, LabBird } from '../../scripts/lab/lab.d.mts';
import { systemClock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { resourceKey } from '../core/keys.ts';
import type { NamedText } from '../core/named-text.ts';
import { daemonReports } from './daemon-report.ts';
import { type LearnedRoute, readLearned } from './learned-routes.ts';
import { withoutKernelTunnel } from './parse-goldens.ts';
import { renderScenario } from './render-scenario.ts';
import type { DaemonReport, SessionEnds } from './report.ts';
import type { Scenario } from './scenario.ts';
import type { Templates } from './templates.ts';

/** How long sessions between two nodes of the case may take to come up; BIRD waits up to 30 s after an error. */
const UP_MS = 90_000;
const LOOK_MS = 250;
/** Routes have settled when so many looks in a row see the same. */
const SAME_LOOKS = 8;

/** What one BIRD of a case came to. */
export interface Converged {
  /** Name → `up` or `down`; each neighbor that is no node of the case stays down. */
  readonly sessions: Readonly<Record<string, 'up' | 'down'>>;
  /** What it learned over BGP, sorted by prefix and session. */
  readonly routes: readonly LearnedRoute[];
}

/** By step's folder (`out`), node, daemon. */
export type ConvergedCase = ReadonlyMap<string, Readonly<Record<string, Readonly<Record<string, Converged>>>>>;

interface Member {
  readonly node: string;
  readonly daemon: DaemonReport;
  readonly file: NamedText;
}

interface Running extends Member {
  readonly bird: LabBird;
  readonly configFile: string;
}

const fileOf = (files: readonly NamedText[], daemon: string): NamedText[] =>
  files.filter(({ name }) => name === `${daemon}.conf`);

/** Every BIRD of the case after each step: the first dialect and release, in one file each. Only those that have something to say. */
async function membersOf(scenario: Scenario, templates: Templates): Promise<ReadonlyMap<string, readonly Member[]>> {
  const [bird = '1.6'] = scenario.birds;
  const [release = '3.33'] = scenario.releases;
  const narrow: Scenario = { ...scenario, birds: [bird], layouts: ['single'], releases: [release] };
  const members = new Map<string, Member[]>();
  for await (const { out, node, files } of renderScenario(narrow, templates)) {
    const found = daemonReports([], files).flatMap((daemon) =>
      fileOf(files, daemon.daemon).map((file) => ({ node, daemon, file })),
    );
    members.set(out, [...(members.get(out) ?? []), ...found]);
  }
  return members;
}

/** The BGP addresses of a node, with their lengths, as its Node resource has them. */
function addressesOf(scenario: Scenario, node: string): readonly string[] {
  const value = scenario.steps[0]?.values[resourceKey('Node', node)];
  const bgp = (JSON.parse(value ?? '{}') as { spec?: { bgp?: Record<string, string> } }).spec?.bgp ?? {};
  return [bgp.ipv4Address, bgp.ipv6Address].filter((address) => address !== undefined);
}

async function wire(lab: Lab, scenario: Scenario, nodes: readonly string[]): Promise<void> {
  for (const name of nodes) {
    const [first, ...others] = addressesOf(scenario, name);
    if (!first) throw new UsageError(`converge: the Node ${name} has no BGP address`);
    const withLength = (address: string) =>
      address.includes('/') ? address : `${address}/${address.includes(':') ? 128 : 32}`;
    const node = await lab.addNode({ name, address: withLength(first) });
    for (const address of others)
      await node.ip(`addr add ${withLength(address)} dev eth0${address.includes(':') ? ' nodad' : ''}`);
  }
  // Whoever is in no subnet of ours is on the same wire nevertheless; a route that is there already is no fault.
  for (const name of nodes) {
    const others = nodes.filter((other) => other !== name).flatMap((other) => addressesOf(scenario, other));
    for (const address of others) {
      const host = address.split('/')[0] ?? '';
      const found = await lab
        .node(name)
        .ip(`route get ${host}`)
        .then(
          () => true,
          () => false,
        );
      if (!found) await lab.node(name).ip(`route add ${host} dev eth0`);
    }
  }
}

const isPair = (a: SessionEnds | null, b: SessionEnds | null): boolean =>
  a !== null && b !== null && a.neighbor === b.source && b.neighbor === a.source;

/** The sessions that have their other end in the case. */
const inside = (running: Running, all: readonly Running[]): readonly string[] =>
  running.daemon.sessions
    .filter(({ after }) => all.some(({ daemon }) => daemon.sessions.some((other) => isPair(after, other.after))))
    .map(({ name }) => name);

async function look(running: readonly Running[]): Promise<readonly Converged[]> {
  return Promise.all(
    running.map(async ({ bird, daemon }) => {
      const [protocols, routes] = [await bird.protocols(), await bird.ask('show route all')];
      const up = new Set(protocols.filter(({ info }) => info === 'Established').map(({ name }) => name));
      const states = daemon.sessions.map(({ name }) => [name, up.has(name) ? 'up' : 'down'] as const);
      const names = new Set(daemon.sessions.map(({ name }) => name));
      return { sessions: Object.fromEntries(states), routes: readLearned(routes, names) };
    }),
  );
}

/** Looks until every session inside the case is up and nothing changes any more, or until it has taken too long. */
async function settle(running: readonly Running[]): Promise<readonly Converged[]> {
  const deadline = systemClock.now() + UP_MS;
  const wanted = running.map((each) => inside(each, running));
  let [last, same] = ['', 0];
  for (;;) {
    const seen = await look(running);
    const isUp = seen.every(({ sessions }, i) => wanted[i]?.every((name) => sessions[name] === 'up'));
    const text = JSON.stringify(seen);
    same = isUp && text === last ? same + 1 : 0;
    last = text;
    if (same >= SAME_LOOKS || systemClock.now() > deadline) return seen;
    await systemClock.sleep(LOOK_MS, new AbortController().signal);
  }
}

/**
 * Brings the nodes of a case up as real BIRDs, each in a network namespace of its own on one wire, takes them through the steps, and tells
 * what they came to. Needs root, `ip`, `bird` and `bird6`; everything ends with it. Rejects where that cannot be had.
 */
export async function convergeCase(scenario: Scenario, templates: Templates): Promise<ConvergedCase> {
  const { labUp } = await import('../../scripts/lab/lab.mjs');
  const steps = await membersOf(scenario, templates);
  const [first = []] = steps.values();
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-converge-'));
  const lab = await labUp({ nodes: [] });
  try {
    await wire(lab, scenario, [...new Set(first.map(({ node }) => node))]);
    const isOfUse = ({ daemon }: Member) => daemon.sessions.length > 0 || daemon.daemon === 'bird';
    const birds = first.filter(isOfUse).map(async (member): Promise<Running> => {
      const { daemon, node, file } = member;
      const own = join(dir, node, daemon.daemon);
      await mkdir(own, { recursive: true });
      const configFile = join(own, file.name);
      await writeFile(configFile, withoutKernelTunnel(file.text));
      const [socket, log] = [join(own, 'ctl'), join(own, 'log')];
      const bird = await lab.node(node).startBird({ binary: daemon.daemon, configFile, socket, log });
      return { ...member, bird, configFile };
    });
    const running = await Promise.all(birds);
    const found = new Map<string, Record<string, Record<string, Converged>>>();
    for (const [out, members] of steps) {
      const now = await Promise.all(running.map((each) => move(each, members)));
      const settled = await settle(now);
      const byNode: Record<string, Record<string, Converged>> = {};
      for (const [i, { node, daemon }] of now.entries()) {
        const converged = settled[i];
        if (converged) byNode[node] = { ...byNode[node], [daemon.daemon]: converged };
      }
      found.set(out, byNode);
    }
    return found;
  } finally {
    await lab.down();
    await rm(dir, { recursive: true, force: true });
  }
}

/** The same BIRD with the configuration that the step gives it. */
async function move(running: Running, members: readonly Member[]): Promise<Running> {
  const member = members.find(({ node, daemon }) => node === running.node && daemon.daemon === running.daemon.daemon);
  if (!member || member.file.text === running.file.text) return running;
  await writeFile(running.configFile, withoutKernelTunnel(member.file.text));
  await running.bird.ask('configure');
  return { ...running, ...member };
}
