import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Lab, type LabBird, labUp } from '../../scripts/lab/lab.mjs';
import { EMPTY_RECORD, type LedgerRecord, ledgerPath } from '../../src/host/ledger.ts';
import { MAIN } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { BirdProxy, type Gate } from './bird-proxy.ts';
import { type Generation, type Generations, OWN, ROUTER, type Shown } from './generations.ts';

const ROUTER_CONFIG = `
router id ${ROUTER.address};
protocol device { }
protocol static { route 198.51.100.0/24 blackhole; }
protocol bgp node { local as ${ROUTER.asNumber}; neighbor ${OWN.address} as 64512; multihop; passive on; import all; export all; }
`;

/** Who looks on. */
export interface Onlooker {
  /** Between birdconfd and BIRD. */
  readonly gate: Gate;
  /** Every text that an independent reader finds at a name of the bundle, in a row; null where there was no file. */
  onSighting(name: string, text: string | null): void;
}

/** One machine: a real BIRD with a neighbor in namespaces of their own, the folders of one birdconfd, and the data that it reads. */
export class Site {
  readonly dir: string;
  readonly output: string;
  readonly stateDir: string;
  readonly proxy: BirdProxy;
  readonly #lab: Lab;
  readonly #generations: Generations;
  readonly #birds = new Map<string, LabBird>();
  #reader: Worker | null = null;
  #onlooker: Onlooker | null = null;
  #process: ChildProcess | null = null;

  private constructor(dir: string, lab: Lab, generations: Generations) {
    this.dir = dir;
    this.output = join(dir, 'etc');
    this.stateDir = join(dir, 'state');
    this.#lab = lab;
    this.#generations = generations;
    const gate: Gate = async (command, phase) => this.#onlooker?.gate(command, phase);
    this.proxy = new BirdProxy(join(dir, 'proxy.ctl'), this.socketOf('bird'), gate);
    mkdirSync(join(dir, 'data'));
  }

  /** Resolves once birdconfd has brought the first generation to BIRD, and the neighbor's session is Established. */
  static async open(generations: Generations): Promise<Site> {
    const dir = await mkdtemp(join(tmpdir(), 'birdconfd-crash-'));
    const lab = await labUp({
      nodes: [
        { name: 'own', address: `${OWN.address}/24` },
        { name: 'router', address: `${ROUTER.address}/24` },
      ],
    });
    const site = new Site(dir, lab, generations);
    try {
      await site.#begin();
    } catch (error) {
      await site.close();
      throw error;
    }
    return site;
  }

  async #begin(): Promise<void> {
    const generations = this.#generations;
    await writeFile(join(this.dir, 'router.conf'), ROUTER_CONFIG);
    await this.#startBird('router', 'bird', join(this.dir, 'router.conf'));
    this.write(generations.next());
    this.start('5s');
    const names = [...generations.fileNames, this.#bird6File];
    await eventually(async () => {
      const found = await readdir(this.output);
      if (names.some((name) => !found.includes(name))) throw new Error(`birdconfd writes nothing: ${this.logTail()}`);
    });
    await this.#startBird('own', 'bird', join(this.output, generations.fileNames[0]!));
    await this.#startBird('own', 'bird6', join(this.output, this.#bird6File));
    await this.proxy.open();
    await eventually(() => this.mustBeEstablished(), { timeoutMs: 30_000 });
  }

  /** From now on. */
  watch(onlooker: Onlooker): void {
    this.#onlooker = onlooker;
    const paths = this.#generations.fileNames.map((name) => join(this.output, name));
    this.#reader = new Worker(new URL('./file-reader.mjs', import.meta.url), { workerData: { paths } });
    this.#reader.on('message', ({ path, text }) => onlooker.onSighting(basename(path), text));
  }

  get #bird6File(): string {
    return this.#generations.fileNames[0]!.replace('bird', 'bird6');
  }

  get bird(): LabBird {
    return this.#birdOf('bird');
  }

  /** Every name that belongs into the output folder. */
  get outputNames(): readonly string[] {
    const names = this.#generations.fileNames;
    return [...names, ...names.map((name) => name.replace('bird', 'bird6'))].sort();
  }

  get isRunning(): boolean {
    return this.#process !== null && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  socketOf(daemon: string): string {
    return join(this.dir, `${daemon}.ctl`);
  }

  /** Makes a generation the data that birdconfd reads. */
  write({ data }: Generation): void {
    const file = join(this.dir, 'data', 'cluster.json');
    writeFileSync(`${file}.new`, data);
    renameSync(`${file}.new`, file);
  }

  readonly dataArguments = (): readonly string[] => [
    ...['--input', join(this.dir, 'data', 'cluster.json'), '--node', OWN.name],
    ...['--layout', this.#generations.layout, '--bird', '1.6'],
  ];

  /** Starts birdconfd; it ends with this process, however that ends. */
  start(confirmTimeout: string): void {
    const places = ['--output', this.output, '--state-dir', this.stateDir, '--log-format', 'json'];
    const daemons = ['--bird-socket', this.proxy.path, '--bird6-socket', this.socketOf('bird6')];
    const pacing = ['--quiet-ms', '20', '--max-wait-ms', '200', '--confirm-timeout', confirmTimeout];
    const args = [process.execPath, MAIN, 'run', ...this.dataArguments(), ...places, ...daemons, ...pacing];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...args], {
      cwd: '/',
      env: { PATH: '/usr/sbin:/usr/bin:/bin' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => appendFileSync(join(this.dir, 'birdconfd.jsonl'), text));
    this.#process = child;
  }

  /** Kills birdconfd, and resolves once it is gone and BIRD has done whatever it was still told. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    if (this.isRunning) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    this.#process = null;
    await this.proxy.drained();
  }

  ledger(daemon = 'bird'): LedgerRecord {
    const path = ledgerPath(this.stateDir, daemon);
    try {
      return { ...EMPTY_RECORD, ...JSON.parse(readFileSync(path, 'utf8')) };
    } catch (error) {
      throw new Error(`${path} is no ledger`, { cause: error });
    }
  }

  /** The bundle's files as they lie there now; null where none is. */
  texts(): readonly (string | null)[] {
    return this.#generations.fileNames.map((name) => {
      try {
        return readFileSync(join(this.output, name), 'utf8');
      } catch {
        return null;
      }
    });
  }

  /** What BIRD shows, once it is up and two looks in a row see the same: a timer may run out between two questions. */
  async shown(): Promise<Shown> {
    let last = '';
    return eventually(async () => {
      const status = await this.bird.ask('show status');
      if (!status.includes('Daemon is up and running')) throw new Error(`BIRD is busy: ${status.join('; ')}`);
      const now = await this.#look();
      const [before, text] = [last, JSON.stringify(now)];
      last = text;
      if (text !== before) throw new Error(`BIRD does not settle: ${before}, then ${text}`);
      return now;
    });
  }

  async #look(): Promise<Shown> {
    const rows = await this.bird.protocols();
    const about = (await this.bird.ask('show protocols all Global_10_9_0_253')).join('\n');
    const routes = await this.bird.routes();
    return {
      sessions: rows
        .filter(({ proto }) => proto === 'BGP')
        .map(({ name }) => name)
        .sort(),
      asNumber: Number(/Neighbor AS: +(\d+)/.exec(about)?.[1]),
      block: routes
        .filter(({ via, prefix }) => via === 'blackhole' && prefix.endsWith('/26'))
        .map(({ prefix }) => prefix)
        .join(),
    };
  }

  async mustBeEstablished(): Promise<void> {
    const row = (await this.bird.protocols()).find(({ name }) => name === ROUTER.session);
    if (row?.info !== 'Established') throw new Error(`${ROUTER.session} is ${row?.info ?? 'not there'}`);
  }

  logTail(lines = 12): string {
    const path = join(this.dir, 'birdconfd.jsonl');
    try {
      return readFileSync(path, 'utf8').trim().split('\n').slice(-lines).join('\n');
    } catch {
      return '(no log)';
    }
  }

  /** Stops everything and removes all of it. */
  async close(): Promise<void> {
    await this.kill();
    await this.#reader?.terminate();
    await this.proxy.close();
    await this.#lab.down();
    await rm(this.dir, { recursive: true, force: true });
  }

  #birdOf(daemon: string): LabBird {
    const found = this.#birds.get(daemon);
    if (!found) throw new Error(`no ${daemon} runs`);
    return found;
  }

  async #startBird(node: 'own' | 'router', binary: 'bird' | 'bird6', configFile: string): Promise<void> {
    const name = node === 'own' ? binary : node;
    const places = { socket: this.socketOf(name), log: join(this.dir, `${name}.log`) };
    this.#birds.set(name, await this.#lab.node(node).startBird({ binary, configFile, ...places }));
  }
}
