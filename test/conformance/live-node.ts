import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lab, type LabBird, type LabNode, labUp } from '../../scripts/lab/lab.mjs';
import { withBirdDaemon } from '../../src/bird/daemon-session.ts';
import type { DaemonProtocol } from '../../src/bird/protocol-table.ts';
import { systemClock } from '../../src/core/clock.ts';
import { eventually } from '../support/eventually.ts';
import { neighborConfig, type Session } from './neighbors.ts';
import { type RouteMonitor, watchRoutes } from './route-monitor.ts';

const UP = { timeoutMs: 40_000 };
/** No case of Calico's has more neighbors in one family. */
const NEIGHBORS = ['neighbor-1', 'neighbor-2', 'neighbor-3'] as const;
const DAEMONS = ['bird', 'bird6'] as const;

/** What everybody knows: by BIRD on the node, by its kernel, by the neighbors' kernels. */
export interface Routes {
  readonly bird: readonly string[];
  readonly kernels: readonly (readonly string[])[];
}

/** Two BIRDs on a node with files of Calico's, and a BIRD for each of their neighbors. */
export interface LiveNode {
  /** The folder that the node's BIRDs read, and their sockets. */
  readonly output: string;
  readonly sockets: Readonly<Record<(typeof DAEMONS)[number], string>>;
  sessions(): Promise<readonly DaemonProtocol[]>;
  routes(): Promise<Routes>;
  /** What the node's BIRDs have logged so far. */
  log(): string;
  /** Resolves once every neighbor has all that the node had to tell when it was called. */
  told(): Promise<void>;
  /** The routes that the neighbors' kernels lost since the node was up. To be asked once. */
  deletions(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

const reset = (addresses: ReadonlySet<string>, reached: ReadonlySet<string>): readonly string[] => [
  'link set eth0 down',
  'link set lo down',
  'addr flush dev eth0',
  'route flush proto bird',
  'link set lo up',
  'link set eth0 up',
  ...[...addresses].map((address) =>
    address.includes(':') ? `addr add ${address}/128 dev eth0 nodad` : `addr add ${address}/32 dev eth0`,
  ),
  ...[...reached].map((address) => `route add ${address}${address.includes(':') ? '/128' : '/32'} dev eth0`),
];

/** A network for one node at a time: nodes and neighbors of several cases in turn. */
export class Lane {
  readonly #lab: Lab;
  readonly #dir: string;
  #count = 0;

  private constructor(lab: Lab, dir: string) {
    this.#lab = lab;
    this.#dir = dir;
  }

  static async open(dir: string): Promise<Lane> {
    const names = ['node', ...NEIGHBORS];
    return new Lane(await labUp({ nodes: names.map((name, i) => ({ name, address: `192.0.2.${i}/32` })) }), dir);
  }

  close(): Promise<void> {
    return this.#lab.down();
  }

  /** Starts both BIRDs on `files`, and everybody whom they have `sessions` with; resolves once all of these are Established and have told their routes. */
  async start(files: ReadonlyMap<string, string>, sessions: readonly Session[]): Promise<LiveNode> {
    const dir = join(this.#dir, String(this.#count++));
    const output = join(dir, 'etc');
    mkdirSync(output, { recursive: true });
    for (const [name, text] of files) writeFileSync(join(output, name), text);
    const node = this.#lab.node('node');
    const places = new Map<string, LabNode>();
    for (const family of [4, 6]) {
      const all = new Set(sessions.filter((session) => session.family === family).map((s) => s.neighbor.address));
      for (const [i, address] of [...all].entries()) places.set(address, this.#lab.node(NEIGHBORS[i] ?? 'none'));
    }
    const own = new Set(sessions.map((session) => session.node.address));
    await Promise.all([
      node.ip(...reset(own, new Set(places.keys()))),
      ...[...new Set(places.values())].map((place) => {
        const here = sessions.filter(({ neighbor }) => places.get(neighbor.address) === place);
        const [from, to] = [here.map((s) => s.neighbor.address), here.map((s) => s.node.address)];
        return place.ip(...reset(new Set(from), new Set(to)));
      }),
    ]);
    const birds = new Map<string, LabBird>();
    const monitors: RouteMonitor[] = [];
    const stop = async () => {
      await Promise.all([...[...birds.values()].map((bird) => bird.stop()), ...monitors.map((m) => m.stop())]);
    };
    const start = async (name: string, place: LabNode, binary: string, configFile: string) => {
      const files = { binary, configFile, socket: join(dir, `${name}.ctl`), log: join(dir, `${name}.log`) };
      birds.set(name, await place.startBird(files));
    };
    const startNeighbor = async (session: Session, i: number) => {
      const { family, neighbor, name } = session;
      const shared = sessions.filter((other) => other.neighbor.address === neighbor.address);
      const options = { n: i + 1, isPassive: shared.length > 1, hasKernel: shared[0] === session };
      const configFile = join(dir, `${name}.conf`);
      writeFileSync(configFile, neighborConfig(session, options));
      await start(name, places.get(neighbor.address)!, family === 4 ? 'bird' : 'bird6', configFile);
    };
    try {
      await Promise.all([
        ...DAEMONS.map((daemon) => start(daemon, node, daemon, join(output, `${daemon}.cfg`))),
        ...sessions.map(startNeighbor),
      ]);
      const live = new RunningNode(output, node, new Set(places.values()), birds, monitors, stop);
      await live.up(sessions);
      return live;
    } catch (error) {
      await stop();
      throw error;
    }
  }
}

class RunningNode implements LiveNode {
  readonly output: string;
  readonly sockets: LiveNode['sockets'];
  readonly stop: () => Promise<void>;
  readonly #node: LabNode;
  readonly #places: ReadonlySet<LabNode>;
  readonly #birds: ReadonlyMap<string, LabBird>;
  readonly #monitors: RouteMonitor[];

  constructor(
    output: string,
    node: LabNode,
    places: ReadonlySet<LabNode>,
    birds: ReadonlyMap<string, LabBird>,
    monitors: RouteMonitor[],
    stop: () => Promise<void>,
  ) {
    this.output = output;
    this.#node = node;
    this.#places = places;
    this.#birds = birds;
    this.#monitors = monitors;
    this.stop = stop;
    this.sockets = { bird: this.#own('bird').socket, bird6: this.#own('bird6').socket };
  }

  #own(daemon: (typeof DAEMONS)[number]): LabBird {
    const bird = this.#birds.get(daemon);
    if (!bird) throw new Error(`no ${daemon}`);
    return bird;
  }

  async up(sessions: readonly Session[]): Promise<void> {
    await eventually(async () => {
      const running = new Map((await this.sessions()).map((session) => [session.name, session]));
      const down = sessions.filter(({ name }) => !running.get(name)?.established).map(({ name }) => name);
      if (down.length > 0) throw new Error(`not Established: ${down.join(', ')}`);
      const told = (await Promise.all(DAEMONS.map((daemon) => this.#own(daemon).ask('show protocols all')))).flat();
      const received = told.filter((line) => /^ *Import updates: +[1-9]/.test(line)).length;
      if (received < sessions.length) throw new Error(`${received} of ${sessions.length} neighbors told their routes`);
    }, UP);
    await this.told();
    this.#monitors.push(...(await Promise.all([...this.#places].map(watchRoutes))));
  }

  async sessions(): Promise<readonly DaemonProtocol[]> {
    const signal = new AbortController().signal;
    const seen = await Promise.all(
      DAEMONS.map((daemon) => {
        const configFile = join(this.output, `${daemon}.cfg`);
        return withBirdDaemon(this.sockets[daemon], { configFile, signal, clock: systemClock }, (d) => d.observe());
      }),
    );
    return seen.flatMap(({ protocols }) => protocols).filter(({ type }) => type === 'BGP');
  }

  async routes(): Promise<Routes> {
    // What a kernel makes of its own addresses comes by and by.
    const isOwn = (line: string) => / table local |^(fe80|multicast)/.test(line);
    const kernel = async ({ ip }: LabNode) =>
      (await ip('route show table all'))
        .split('\n')
        .filter((line) => !isOwn(line))
        .sort();
    const bird = await Promise.all(DAEMONS.map((daemon) => this.#own(daemon).ask('show route all')));
    return {
      // `!`: BIRD 1.6 has just tried in vain to give the kernel, whose metric its export filter sets, what that has already.
      bird: bird.flat().map((line) => line.replace(/\[(\S+) \d[\d:-]*( from \S+)?\] [*!]/, '[$1$2] *')),
      kernels: await Promise.all([this.#node, ...this.#places].map(kernel)),
    };
  }

  log(): string {
    return DAEMONS.map((daemon) => readFileSync(this.#own(daemon).log, 'utf8')).join('\n');
  }

  /** By asking for everything once more: the end of the answer comes after all that was said before. */
  async told(): Promise<void> {
    const neighbors = [...this.#birds].filter(([name]) => name !== 'bird' && name !== 'bird6');
    await Promise.all(
      neighbors.map(async ([name, bird]) => {
        const ends = () => readFileSync(bird.log, 'utf8').split('Got END-OF-RR').length;
        const before = ends();
        await bird.ask('reload in node');
        await eventually(() => {
          if (ends() === before) throw new Error(`${name} has not heard everything again`);
        }, UP);
      }),
    );
  }

  async deletions(): Promise<readonly string[]> {
    return (await Promise.all(this.#monitors.map((monitor) => monitor.deletions()))).flat();
  }
}
