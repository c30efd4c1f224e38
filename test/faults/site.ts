import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Lab, type LabBird, type LabNode, labUp, type NodeSpec } from '../../scripts/lab/lab.mjs';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { askService } from '../../src/control/client.ts';
import type { ServiceReport } from '../../src/control/status-report.ts';
import { MAIN } from '../support/cli.ts';
import { block, configuration, information, node, peer, pool } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { mustRun } from './running.ts';

export const NODE = { name: 'node-a', address: '10.9.0.1' };
/** Its session is up from the start, and no test changes what is said of it. */
export const ROUTER = { session: 'Global_10_9_0_254', address: '10.9.0.254', asNumber: 64999 };

/** What stands in the store at the start, key and value. */
export const FIRST_DATA = [
  information('v3.33.0'),
  configuration('default', { asNumber: 64512, nodeToNodeMeshEnabled: false, logSeverityScreen: 'Info' }),
  node(NODE.name, `${NODE.address}/24`),
  pool('pool-1', '10.48.0.0/16', { ipipMode: 'Never', vxlanMode: 'Never' }),
  block(NODE.name, '10.48.1.0/26'),
  peer('router', { peerIP: ROUTER.address, asNumber: ROUTER.asNumber }),
] as const;

const ROUTER_CONFIG = `router id ${ROUTER.address};
protocol device { }
protocol bgp node { local as ${ROUTER.asNumber}; neighbor ${NODE.address} as 64512; multihop; passive on; import all; export none; }
`;

const PATH = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
/** A busy machine, an etcd that backs off and BIRD's own timers. */
const CONVERGES = { timeoutMs: 90_000 };

export interface SiteOptions {
  /** What birdconfd is told of its datastore: `--endpoints`, credentials. */
  readonly datastore: readonly string[];
  /** The same for a fresh render, where it is another way to it. */
  readonly direct?: readonly string[];
  /** More options of `run`. */
  readonly more?: readonly string[];
  /** Put before birdconfd's own command. */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Runs birdconfd and fresh renders on the node's own machine, not on this one. */
  readonly onNode?: boolean;
  /** More machines on the node's network. */
  readonly machines?: readonly NodeSpec[];
}

/** A machine with a birdconfd and two real BIRDs, one of which has a session with a router on a machine of its own. */
export class FaultSite {
  readonly dir: string;
  readonly lab: Lab;
  readonly #options: SiteOptions;
  readonly #birds = new Map<'bird' | 'bird6', LabBird>();
  #process: ChildProcess | null = null;
  #fallen = 0;

  private constructor(dir: string, lab: Lab, options: SiteOptions) {
    this.dir = dir;
    this.lab = lab;
    this.#options = options;
  }

  /** The machines, and the router on one of them. Nothing else runs yet. */
  static async open(options: SiteOptions): Promise<FaultSite> {
    const dir = await mkdtemp(join(tmpdir(), 'birdconfd-faults-'));
    const hosts = [NODE, { name: 'router', address: ROUTER.address }];
    const nodes = hosts.map(({ name, address }) => ({ name, address: `${address}/24` }));
    const lab = await labUp({ nodes: [...nodes, ...(options.machines ?? [])] });
    const site = new FaultSite(dir, lab, options);
    await writeFile(join(dir, 'router.conf'), ROUTER_CONFIG);
    const places = { socket: join(dir, 'router.ctl'), log: join(dir, 'router.log') };
    await lab.node('router').startBird({ binary: 'bird', configFile: join(dir, 'router.conf'), ...places });
    return site;
  }

  get machine(): LabNode {
    return this.lab.node(NODE.name);
  }

  get bird(): LabBird {
    const bird = this.#birds.get('bird');
    if (!bird) throw new Error('no BIRD runs');
    return bird;
  }

  get stateDir(): string {
    return join(this.dir, 'state');
  }

  /** birdconfd's; null while none runs. */
  get pid(): number | null {
    const child = this.#process;
    return child && child.exitCode === null && child.signalCode === null ? (child.pid ?? null) : null;
  }

  text(daemon: 'bird' | 'bird6'): string {
    return readFileSync(join(this.dir, 'etc', `${daemon}.conf`), 'utf8');
  }

  log(): string {
    return readFileSync(join(this.dir, 'birdconfd.jsonl'), 'utf8');
  }

  /** How often the log has had an event with these fields. */
  logged(event: string, code?: string): number {
    const events = this.log()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    return events
      .map((line) => JSON.parse(line))
      .filter((each) => each.event === event && (!code || each.code === code)).length;
  }

  /** birdconfd, the BIRDs, and all as the data say. */
  async start(): Promise<void> {
    this.startService();
    await eventually(() => [this.text('bird'), this.text('bird6')], CONVERGES);
    await this.startBird('bird');
    await this.startBird('bird6');
    await this.converged();
    this.#fallen = this.bird.timesDown(ROUTER.session);
  }

  startService(): void {
    const log = openSync(join(this.dir, 'birdconfd.jsonl'), 'a');
    const { wrapper = [], more = [], env = {}, datastore } = this.#options;
    const places = ['--output', join(this.dir, 'etc'), '--state-dir', this.stateDir, '--log-format', 'json'];
    const sockets = ['--bird-socket', join(this.dir, 'bird.ctl'), '--bird6-socket', join(this.dir, 'bird6.ctl')];
    const run = [process.execPath, MAIN, 'run', ...this.#about(datastore), ...places, ...sockets, ...more];
    const args = ['--pdeathsig', 'KILL', ...this.#entering(), ...wrapper, ...run];
    this.#process = spawn('setpriv', args, { stdio: ['ignore', log, log], cwd: '/', env: { ...PATH, ...env } });
    closeSync(log);
  }

  async stopService(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Kills what runs, and starts it as its file says. */
  async restartBird(daemon: 'bird' | 'bird6'): Promise<void> {
    const bird = this.#birds.get(daemon);
    if (bird) process.kill(bird.pid, 'SIGKILL');
    await bird?.stop();
    await this.startBird(daemon);
    this.#fallen = this.bird.timesDown(ROUTER.session);
  }

  async startBird(binary: 'bird' | 'bird6'): Promise<void> {
    const files = { configFile: join(this.dir, 'etc', `${binary}.conf`), log: join(this.dir, `${binary}.log`) };
    const started = this.machine.startBird({ binary, ...files, socket: join(this.dir, `${binary}.ctl`) });
    this.#birds.set(binary, await started);
  }

  async status(): Promise<ServiceReport> {
    return JSON.parse((await askService(this.stateDir, 'GET', '/status')).text);
  }

  /** Resolves with since when, once the service says that its data are stale; every target says so, too, and is as ready as before. */
  async stale(timeoutMs = 45_000): Promise<number> {
    return eventually(
      async () => {
        const { datastore, targets } = await this.status();
        const states = targets.map(({ state, ready }) => `${state} ${ready}`);
        if (datastore.staleSince === null || states.some((state) => state !== 'stale true'))
          throw new Error(`not stale: ${JSON.stringify(datastore)} ${states}`);
        return Date.parse(datastore.staleSince);
      },
      { timeoutMs },
    );
  }

  /**
   * Resolves once the data are in sync, the files are those of a fresh render of what the store holds now, and both BIRDs run what the
   * files say. Rejects when the session with the router has gone down meanwhile.
   */
  async converged(): Promise<void> {
    await eventually(async () => {
      const { datastore, targets } = await this.status();
      const states = targets.map(({ name, state, why }) => `${name} ${state} ${why ?? ''}`);
      if (!datastore.inSync || targets.some(({ state }) => state !== 'converged'))
        throw new Error(`not converged: ${JSON.stringify(datastore)} ${states}`);
      await this.#mustBeFresh();
      for (const [daemon, bird] of this.#birds) await mustRun(bird, this.text(daemon));
      const session = (await this.bird.protocols()).find(({ name }) => name === ROUTER.session);
      if (session?.info !== 'Established') throw new Error(`${ROUTER.session} is ${session?.info ?? 'not there'}`);
    }, CONVERGES);
  }

  /** Resolves once bird.conf is as `check` wants it, and BIRD runs it. */
  async shows(check: (text: string) => void): Promise<void> {
    await eventually(async () => {
      check(this.text('bird'));
      await mustRun(this.bird, this.text('bird'));
    }, CONVERGES);
  }

  /** How often the session that nothing changes went down since BIRD was last started. */
  get falls(): number {
    return this.bird.timesDown(ROUTER.session) - this.#fallen;
  }

  async close(): Promise<void> {
    await this.stopService('SIGKILL');
    await this.lab.down();
    await rm(this.dir, { recursive: true, force: true });
  }

  async #mustBeFresh(): Promise<void> {
    const fresh = join(this.dir, 'fresh');
    const { datastore, direct = datastore, env = {} } = this.#options;
    const [command = '', ...args] = [...this.#entering(), process.execPath, MAIN, 'render', ...this.#about(direct)];
    const rendering = promisify(execFile)(command, [...args, '--output', fresh], { env: { ...PATH, ...env } });
    await rendering.catch((error) => {
      if (error.code !== EXIT.data) throw error;
    });
    for (const daemon of ['bird', 'bird6'] as const) {
      if (readFileSync(join(fresh, `${daemon}.conf`), 'utf8') !== this.text(daemon))
        throw new Error(`${daemon}.conf is not that of a fresh render`);
    }
  }

  #about(datastore: readonly string[]): readonly string[] {
    return ['--node', NODE.name, '--bird', '1.6', ...datastore];
  }

  #entering(): readonly string[] {
    return this.#options.onNode ? ['nsenter', '-t', String(this.machine.pid), '-n'] : [];
  }
}
