import type { Layout } from '../../src/render/view.ts';
import { eventually } from '../support/eventually.ts';
import { Generations } from './generations.ts';
import { Judge } from './judge.ts';
import { anyTrigger, KillInstants, type Trigger } from './kill-instant.ts';
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
  readonly mixtures: number;
  readonly behind: number;
  readonly looks: number;
  /** Times that everything was waited for, and found to have converged. */
  readonly settled: number;
  readonly violations: readonly string[];
}

/** Long enough for the next process to confirm in time, mostly. */
const CONFIRM_TIMEOUT = '5s';
/** Before the next generation, so that birdconfd is at rest now and then. */
const PAUSE_MS = 250;
const SETTLE_EVERY = 6;
/** Nothing is waited for but a busy machine, and half a minute between two tries where BIRD was away. */
const SETTLE_MS = 40_000;

/**
 * Kills birdconfd again and again while the data change, and looks whether it keeps its promises. The seed decides the generations and
 * what each kill waits for, not what the machine does meanwhile. Rejects only when the test itself cannot go on.
 */
export async function crash(options: CrashOptions): Promise<CrashReport> {
  const { layout, kills, seed, onKill } = options;
  const run = await CrashRun.begin(layout, seed);
  try {
    await run.settle();
    while (run.report().kills < kills) {
      await run.round();
      onKill?.(run.report());
      if (run.report().kills % SETTLE_EVERY === 0 || run.report().kills === kills) await run.settle();
    }
    run.judge.compareWithRender();
  } finally {
    await run.site.close();
  }
  return run.report();
}

class CrashRun {
  readonly site: Site;
  readonly judge: Judge;
  readonly #instants: KillInstants;
  readonly #generations: Generations;
  readonly #random: Random;
  readonly #pauses: Random;
  readonly #states = new Map<string, number>();
  readonly #triggers = new Map<string, number>();
  #isPumping = false;
  #pause: NodeJS.Timeout | null = null;
  #settled = 0;

  private constructor(generations: Generations, site: Site, seed: number) {
    this.#generations = generations;
    this.site = site;
    this.judge = new Judge(generations, site);
    this.#instants = new KillInstants(site);
    this.#random = new Random(seed ^ 0x5bd1e995);
    this.#pauses = new Random(seed ^ 0x2545f491);
  }

  static async begin(layout: Layout, seed: number): Promise<CrashRun> {
    const generations = await Generations.make(layout, seed);
    const run = new CrashRun(generations, await Site.open(generations), seed);
    run.site.watch({
      gate: async (command, phase) => {
        run.judge.atCommand(command, phase);
        await run.#instants.pass(command, phase);
      },
      onSighting: (name, text) => {
        run.judge.sighted(name, text);
        run.#pump();
      },
    });
    return run;
  }

  report(): CrashReport {
    const { kills, mixtures, behind, looks, violations } = this.judge;
    return {
      ...{ kills, mixtures, behind, looks, violations },
      generations: this.#generations.newest.number,
      states: Object.fromEntries([...this.#states].sort()),
      triggers: Object.fromEntries([...this.#triggers].sort()),
      settled: this.#settled,
    };
  }

  /** One life of birdconfd, or what is left of it, up to its kill; and what is to be seen then. */
  async round(): Promise<void> {
    const trigger = this.#nextTrigger();
    const { proxy } = this.site;
    if (trigger.by === 'outage') {
      await proxy.close();
      this.#writeNext();
    } else if (!proxy.isOpen && this.#random.chance(0.6)) await proxy.open(); // or BIRD stays away for one more life
    this.#isPumping = proxy.isOpen;
    if (!this.site.isRunning) this.#start();
    this.#pump();
    await this.#instants.of(trigger);
    if (!this.site.isRunning) this.judge.violated('birdconfd ended by itself');
    this.#isPumping = false;
    await this.site.kill();
    count(this.#triggers, trigger.by);
    count(this.#states, await this.judge.afterKill());
  }

  /** Leaves birdconfd running until everything is as the newest generation says. */
  async settle(): Promise<void> {
    this.#isPumping = false;
    if (!this.site.proxy.isOpen) await this.site.proxy.open();
    if (!this.site.isRunning) this.#start();
    try {
      await eventually(() => this.judge.mustHaveConverged(), { timeoutMs: SETTLE_MS });
      this.#settled++;
    } catch (error) {
      this.judge.violated(`does not converge: ${error instanceof Error ? error.message : error}`);
    }
    this.judge.untouched();
  }

  #start(): void {
    this.site.start(this.#random.chance(0.15) ? '1s' : CONFIRM_TIMEOUT);
  }

  /** An outage begins only at rest: then BIRD runs the generation before the one that is written meanwhile. */
  #nextTrigger(): Trigger {
    const isAtRest = this.judge.kills % SETTLE_EVERY === 0;
    if (isAtRest) return { by: 'outage', ms: this.#random.whole(0, 60) };
    return anyTrigger(this.#random, this.#generations.fileNames);
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
    const numbers = this.#generations.ofText(fileNames[0]!, this.site.texts()[0] ?? null);
    return this.#isPumping && numbers.includes(newest.number);
  }

  #writeNext(): void {
    this.site.write(this.#generations.next());
  }
}

const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
