import { spawnSync } from 'node:child_process';
import { type FSWatcher, mkdirSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '../../src/render/view.ts';
import { MAIN } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import type { Phase } from './bird-proxy.ts';
import { Generations, ROUTER } from './generations.ts';
import { Random } from './random.ts';
import { Site } from './site.ts';

export interface CrashOptions {
  readonly layout: Layout;
  readonly kills: number;
  readonly seed: number;
  /** Called after each kill. */
  readonly onKill?: (report: CrashReport) => void;
}

export interface CrashReport {
  readonly kills: number;
  /** Generations that were written to the datastore. */
  readonly generations: number;
  /** Kills by the transaction state that the ledger shows after them. */
  readonly states: Readonly<Record<string, number>>;
  /** Kills by what they waited for. */
  readonly triggers: Readonly<Record<string, number>>;
  /** Kills after which the files were a mixture of two generations (layout `calico` only), and commands at which the disk was looked at. */
  readonly mixtures: number;
  readonly looks: number;
  /** Kills after which BIRD ran another generation than the newest on the disk. */
  readonly behind: number;
  /** Times that everything was waited for, and found to have converged. */
  readonly settled: number;
  /** For people: each with the kill, the ledger and the last lines of birdconfd's log. */
  readonly violations: readonly string[];
}

/** When a process is to be killed. Where what it waits for does not come, the time does. */
type Trigger =
  | { readonly by: 'time'; readonly ms: number }
  | { readonly by: 'files'; readonly event: number; readonly ms: number }
  | { readonly by: 'command'; readonly configure: number; readonly phase: Phase }
  | { readonly by: 'outage'; readonly ms: number };

const PATIENCE_MS = 4_000;
/** Long enough for the next process to confirm in time, mostly; after a kill just before BIRD is asked, it has to be waited for. */
const CONFIRM_TIMEOUT = '5s';
/** Between two generations, so that birdconfd is at rest now and then. */
const PAUSE_MS = 250;
const SETTLE_EVERY = 6;
const SETTLE_MS = 40_000;
const NEVER = new Promise<never>(() => {});

/** Kills birdconfd again and again while the data change, and looks whether its promises hold. Rejects only when the test itself cannot go on. */
export async function crash(options: CrashOptions): Promise<CrashReport> {
  const run = new CrashRun(options, await Generations.make(options.layout, options.seed));
  return run.toEnd();
}

class CrashRun {
  readonly #options: CrashOptions;
  readonly #generations: Generations;
  readonly #random: Random;
  readonly #pauses: Random;
  #site!: Site;
  #isPumping = false;
  /** What the next command is to be met with. */
  #atCommand: { readonly configure: number; readonly phase: Phase; readonly fire: () => void } | null = null;
  #pause: NodeJS.Timeout | null = null;
  #configures = 0;
  #kills = 0;
  #mixtures = 0;
  #looks = 0;
  #behind = 0;
  #settled = 0;
  readonly #states = new Map<string, number>();
  readonly #triggers = new Map<string, number>();
  readonly #violations: string[] = [];

  constructor(options: CrashOptions, generations: Generations) {
    this.#options = options;
    this.#generations = generations;
    this.#random = new Random(options.seed ^ 0x5bd1e995);
    this.#pauses = new Random(options.seed ^ 0x2545f491);
  }

  async toEnd(): Promise<CrashReport> {
    this.#site = await Site.open({
      generations: this.#generations,
      gate: (command, phase) => this.#gate(command, phase),
      onSighting: (name, text) => this.#sighted(name, text),
    });
    try {
      await this.#settle();
      while (this.#kills < this.#options.kills) {
        await this.#round();
        this.#options.onKill?.(this.report());
        if (this.#kills % SETTLE_EVERY === 0 || this.#kills === this.#options.kills) await this.#settle();
      }
      this.#compareWithRender();
    } finally {
      await this.#site.close();
    }
    return this.report();
  }

  report(): CrashReport {
    return {
      kills: this.#kills,
      generations: this.#generations.newest.number,
      states: Object.fromEntries([...this.#states].sort()),
      triggers: Object.fromEntries([...this.#triggers].sort()),
      mixtures: this.#mixtures,
      looks: this.#looks,
      behind: this.#behind,
      settled: this.#settled,
      violations: this.#violations,
    };
  }

  /** One life of birdconfd, or what is left of it, up to its kill; and what is to be seen then. */
  async #round(): Promise<void> {
    const trigger = this.#nextTrigger();
    if (trigger.by === 'outage') {
      await this.#site.proxy.close();
      this.#isPumping = false;
      this.#writeNext();
    } else {
      // BIRD may stay away for some lives more.
      if (!this.#site.proxy.isOpen && this.#random.chance(0.6)) await this.#site.proxy.open();
      this.#isPumping = this.#site.proxy.isOpen;
    }
    if (!this.#site.isRunning) this.#start();
    else if (this.#isPumping) this.#pump();
    await this.#fired(trigger);
    if (!this.#site.isRunning) this.#violated('birdconfd ended by itself');
    this.#isPumping = false;
    await this.#site.kill();
    this.#kills++;
    count(this.#triggers, trigger.by);
    await this.#look();
  }

  #start(): void {
    this.#configures = 0;
    this.#site.start(this.#random.chance(0.15) ? '1s' : CONFIRM_TIMEOUT);
    if (this.#isPumping) this.#pump();
  }

  #nextTrigger(): Trigger {
    const { proxy } = this.#site;
    // Only from rest: then BIRD runs the generation before the one that is written meanwhile.
    const isAtRest = proxy.isOpen && this.#kills % SETTLE_EVERY === 0;
    if (isAtRest && this.#random.chance(0.6)) return { by: 'outage', ms: this.#random.whole(0, 60) };
    const share = this.#random.next();
    if (share < 0.25) return { by: 'time', ms: this.#random.whole(0, 2_000) };
    if (share < 0.6) return { by: 'files', event: this.#random.whole(1, 60), ms: this.#random.whole(0, 8) };
    return { by: 'command', configure: this.#random.whole(1, 4), phase: this.#random.oneOf(['asked', 'answered']) };
  }

  /** Resolves at the instant of the kill. */
  async #fired(trigger: Trigger): Promise<void> {
    let fire = () => {};
    const fired = new Promise<void>((resolve) => {
      fire = resolve;
    });
    const timers = [setTimeout(fire, PATIENCE_MS)];
    const later = (ms: number) => timers.push(setTimeout(fire, ms));
    let watchers: readonly FSWatcher[] = [];
    if (trigger.by === 'time') later(trigger.ms);
    else if (trigger.by === 'command') {
      this.#configures = 0;
      this.#atCommand = { ...trigger, fire };
    } else {
      let events = 0;
      const isDue = () =>
        trigger.by === 'files' ? ++events === trigger.event : this.#site.ledger().txn.at === 'owed' && ++events === 1;
      watchers = this.#watch(() => {
        if (!isDue()) return;
        if (trigger.ms === 0) fire();
        else later(trigger.ms);
      });
    }
    await fired;
    this.#atCommand = null;
    for (const watcher of watchers) watcher.close();
    for (const timer of timers) clearTimeout(timer);
  }

  #watch(onEvent: () => void): readonly FSWatcher[] {
    const { output, stateDir } = this.#site;
    const bundles = join(stateDir, 'bundles', 'bird');
    mkdirSync(bundles, { recursive: true, mode: 0o700 });
    return [output, stateDir, bundles].map((dir) => watch(dir, onEvent));
  }

  /** The disk is looked at before BIRD hears of a command: whatever it reads then must be one generation. */
  async #gate(command: string, phase: Phase): Promise<void> {
    if (phase === 'asked') {
      this.#looks++;
      if (this.#generations.ofFiles(this.#site.texts()) === null)
        this.#violated(`at '${command}' the files are a mixture: ${this.#described()}`);
    }
    if (!command.startsWith('configure')) return;
    if (phase === 'asked') this.#configures++;
    const at = this.#atCommand;
    if (!at || at.phase !== phase || at.configure !== this.#configures) return;
    at.fire();
    await NEVER;
  }

  #sighted(name: string, text: string | null): void {
    if (this.#generations.ofText(name, text).length === 0)
      this.#violated(`${name} was the file of no generation: ${text === null ? 'missing' : JSON.stringify(text)}`);
    if (name === this.#generations.fileNames[0]) this.#pump();
  }

  /** The next generation is written soon after the one before is on the disk, so that none is left out. */
  #pump(): void {
    if (!this.#mayWrite() || this.#pause) return;
    const write = () => {
      this.#pause = null;
      if (this.#mayWrite()) this.#writeNext();
    };
    this.#pause = setTimeout(write, this.#pauses.whole(0, PAUSE_MS));
  }

  #mayWrite(): boolean {
    const { newest, fileNames } = this.#generations;
    const numbers = this.#generations.ofText(fileNames[0]!, this.#site.texts()[0] ?? null);
    return this.#isPumping && numbers.includes(newest.number);
  }

  #writeNext(): void {
    this.#site.write(this.#generations.next());
  }

  /** After a kill. */
  async #look(): Promise<void> {
    const { txn, hold } = this.#site.ledger();
    count(this.#states, txn.at);
    if (hold) this.#violated(`held: ${hold.why.join('; ')}`);
    const texts = this.#site.texts();
    const numbers = this.#generations.fileNames.map((name, i) => this.#generations.ofText(name, texts[i] ?? null));
    const isWhole = this.#generations.ofFiles(texts) !== null;
    if (!isWhole) this.#mixtures++;
    if (numbers.some((each) => each.length === 0) || (!isWhole && this.#generations.layout === 'single'))
      this.#violated(`after the kill the files are of no generation: ${this.#described()}`);
    const written = Math.max(...numbers.flat());
    const running = await this.#running();
    if (!running.includes(written)) this.#behind++;
    if (!running.includes(written) && !running.includes(written - 1))
      this.#violated(`BIRD runs ${JSON.stringify(await this.#site.shown())} = ${running}, and ${written} was written`);
  }

  /** The generations that look as BIRD does. */
  async #running(): Promise<readonly number[]> {
    const shown = JSON.stringify(await this.#site.shown());
    const { newest } = this.#generations;
    const numbers = Array.from({ length: Math.min(newest.number, 12) }, (_, i) => newest.number - i);
    return numbers.filter((number) => JSON.stringify(this.#generations.at(number).shown) === shown);
  }

  /** Leaves birdconfd running until everything is as the newest generation says, and nothing is left over. */
  async #settle(): Promise<void> {
    this.#isPumping = false;
    if (!this.#site.proxy.isOpen) await this.#site.proxy.open();
    if (!this.#site.isRunning) this.#start();
    try {
      await eventually(() => this.#mustHaveConverged(), { timeoutMs: SETTLE_MS });
      this.#settled++;
    } catch (error) {
      this.#violated(`does not converge: ${error instanceof Error ? error.message : error}`);
    }
    const times = this.#site.bird.timesDown(ROUTER.session);
    if (times > 0) this.#violated(`the session that nothing touched went down ${times} times`);
  }

  async #mustHaveConverged(): Promise<void> {
    const { newest } = this.#generations;
    const { txn, live, confirmed, history } = this.#site.ledger();
    const six = this.#site.ledger('bird6');
    const facts: Readonly<Record<string, unknown>> = {
      files: this.#generations.ofFiles(this.#site.texts()) === newest.number,
      transaction: txn.at === 'idle' && six.txn.at === 'idle',
      ledger: live?.bytes === newest.bundle.bytes && history[0]?.bytes === newest.bundle.bytes,
      confirmed: confirmed === newest.bundle.statements && six.confirmed === six.live?.statements,
      bird: (await this.#running()).includes(newest.number),
      leftovers: this.#leftovers().length === 0,
    };
    await this.#site.mustBeEstablished();
    const not = Object.keys(facts).filter((fact) => facts[fact] !== true);
    if (not.length > 0)
      throw new Error(
        `${not.join(', ')} of ${newest.number} (${newest.kind}): ${this.#described()} ${this.#leftovers()}`,
      );
  }

  /** Names in the output folder and the state directory that nothing refers to. */
  #leftovers(): readonly string[] {
    const { output, stateDir, outputNames } = this.#site;
    const inState = ['bird.json', 'bird6.json', 'birdconfd.sock', 'bundles', 'owner'];
    const kept = (daemon: string) => this.#site.ledger(daemon).history.map(({ bytes }) => bytes);
    const folders = [
      { dir: output, names: outputNames },
      { dir: stateDir, names: inState },
      { dir: join(stateDir, 'bundles', 'bird'), names: kept('bird') },
      { dir: join(stateDir, 'bundles', 'bird6'), names: kept('bird6') },
    ];
    return folders.flatMap(({ dir, names }) =>
      readdirSync(dir)
        .filter((name) => !(names as readonly string[]).includes(name))
        .map((name) => join(dir, name)),
    );
  }

  /** What `birdconfd render` makes of the final data, as a process of its own. */
  #compareWithRender(): void {
    const fresh = join(this.#site.dir, 'fresh');
    const args = [MAIN, 'render', ...this.#site.dataArguments(), '--output', fresh];
    const { status, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/usr/bin' },
    });
    const texts = this.#site.texts();
    const isSame = this.#generations.fileNames.every((name, i) => readFileSync(join(fresh, name), 'utf8') === texts[i]);
    if (status !== 0 || !isSame) this.#violated(`the files are not those of a fresh render (exit ${status}) ${stderr}`);
  }

  #described(): string {
    const texts = this.#site.texts();
    const parts = this.#generations.fileNames.map(
      (name, i) => `${name}: ${this.#generations.ofText(name, texts[i] ?? null).join('/') || '?'}`,
    );
    const { txn, live, confirmed } = this.#site.ledger();
    return `${parts.join(', ')}; ledger ${JSON.stringify({ txn, live, confirmed })}`;
  }

  #violated(what: string): void {
    this.#violations.push(`kill ${this.#kills}: ${what}\n${this.#site.logTail()}`);
  }
}

const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
