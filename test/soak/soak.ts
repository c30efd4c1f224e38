import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Random } from '../crash/random.ts';
import { shapeShown } from '../faults/running.ts';
import { FaultSite, FIRST_DATA } from '../faults/site.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { ChangingData } from './changing-data.ts';
import { Lag } from './lag.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
}

export interface SoakReport {
  readonly writes: number;
  readonly etcdRestarts: number;
  readonly compactions: number;
  readonly birdRestarts: number;
  /** Times at which all was to be as the data say, and one line for each at which it was not. */
  readonly checkpoints: number;
  readonly lost: readonly string[];
  /** MiB, the median of a minute; `warm` after five minutes, or after half of a shorter run. */
  readonly rss: { readonly warm: number; readonly end: number };
  /** How often birdconfd ended, and lines of its log that no fault of others explains. */
  readonly ended: number;
  readonly complaints: readonly string[];
  readonly seconds: { readonly all: number; readonly differing: number; readonly longestBehind: number };
}

const MINUTE = 60_000;
const CHECK_EVERY_MS = 3 * MINUTE;
/** What Node and birdconfd print of faults of their own. */
const COMPLAINT = /unhandled|uncaught|bug:|^\s+at |reader-failed|heap/i;

function rssMiB(pid: number): number {
  const [, kiB] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kiB) / 1024;
}

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? Number.NaN;

/** Everything that a soak does, until its time is over. */
class Soak {
  readonly #options: SoakOptions;
  readonly #random: Random;
  readonly #data: ChangingData;
  readonly #lag = new Lag();
  readonly #etcd: EtcdServer;
  readonly #site: FaultSite;
  readonly #memory: { readonly at: number; readonly rss: number }[] = [];
  readonly #lost: string[] = [];
  readonly #beganAt = Date.now();
  readonly #over = new AbortController();
  #counts = { writes: 0, etcdRestarts: 0, compactions: 0, birdRestarts: 0, checkpoints: 0, ended: 0 };

  constructor(options: SoakOptions, etcd: EtcdServer, site: FaultSite) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#data = new ChangingData(this.#random);
    this.#etcd = etcd;
    this.#site = site;
    this.#lag.wrote(this.#data.shape(), this.#beganAt);
  }

  async run(): Promise<SoakReport> {
    const endAt = this.#beganAt + this.#options.minutes * MINUTE;
    const looking = this.#look();
    let checkAt = this.#beganAt + CHECK_EVERY_MS;
    while (Date.now() < endAt) {
      await this.#step();
      if (Date.now() < checkAt) continue;
      await this.#check();
      checkAt += CHECK_EVERY_MS;
    }
    const changedUntil = Date.now();
    await this.#check();
    this.#over.abort();
    await looking;
    return this.#report(changedUntil - this.#beganAt);
  }

  /** One change after the other, now and then in a burst; seldom, something is restarted. */
  async #step(): Promise<void> {
    const random = this.#random;
    await this.#write();
    if (random.chance(1 / 150)) await this.#restartEtcd();
    if (random.chance(1 / 150)) {
      this.#counts.birdRestarts++;
      await this.#site.restartBird(random.oneOf(['bird', 'bird', 'bird6']));
    }
    if (!random.chance(0.3)) await wait(random.whole(50, 1_200));
  }

  async #write(): Promise<void> {
    const [key, value] = this.#data.next();
    if (value === null) await this.#etcd.client.delete().key(key);
    else await this.#etcd.client.put(key).value(value);
    this.#counts.writes++;
    this.#lag.wrote(this.#data.shape(), Date.now());
  }

  /** While it is down BIRD restarts too, now and then; when it is back much changes at once, of which history may be gone. */
  async #restartEtcd(): Promise<void> {
    const random = this.#random;
    this.#counts.etcdRestarts++;
    if (random.chance(0.5)) await this.#etcd.shutDown();
    else await this.#etcd.kill9();
    if (random.chance(0.3)) {
      this.#counts.birdRestarts++;
      await this.#site.restartBird('bird');
    }
    await this.#etcd.restart({ downSeconds: random.whole(0, 12) });
    for (let i = random.whole(1, 60); i > 0; i--) await this.#write();
    if (!random.chance(0.5)) return;
    this.#counts.compactions++;
    const { header } = await this.#etcd.client.kv.range({ key: Buffer.from('/') });
    await this.#etcd.client.kv.compact({ revision: header.revision, physical: true });
  }

  async #check(): Promise<void> {
    this.#counts.checkpoints++;
    const seconds = Math.round((Date.now() - this.#beganAt) / 1_000);
    try {
      await this.#site.converged();
      if (this.#site.falls > 0)
        this.#lost.push(`${seconds} s: the session that nothing changes fell ${this.#site.falls} times`);
    } catch (error) {
      this.#lost.push(`${seconds} s: ${error instanceof Error ? error.message : String(error)}`);
    }
    const { rss } = this.#memory.at(-1) ?? { rss: Number.NaN };
    const { writes, etcdRestarts, birdRestarts } = this.#counts;
    this.#options.tell(
      `${seconds} s: ${writes} writes, etcd restarted ${etcdRestarts} times, BIRD ${birdRestarts} times, ` +
        `${this.#lost.length} checkpoints missed, RSS ${rss.toFixed(1)} MiB`,
    );
  }

  /** Once a second. */
  async #look(): Promise<void> {
    while (!this.#over.signal.aborted) {
      const { pid, bird } = this.#site;
      if (pid === null) {
        this.#counts.ended++;
        this.#site.startService();
      } else this.#memory.push({ at: Date.now(), rss: rssMiB(pid) });
      const shown = await shapeShown(bird).catch(() => null);
      this.#lag.looked(shown, Date.now());
      await wait(1_000, null, { signal: this.#over.signal }).catch(() => null);
    }
  }

  /** `span`: how long there was change; memory is that of a service which has something to do. */
  #report(span: number): SoakReport {
    const warmAt = Math.min(5 * MINUTE, span / 2);
    const around = (at: number) =>
      median(this.#memory.filter((each) => Math.abs(each.at - this.#beganAt - at) <= MINUTE / 2).map(({ rss }) => rss));
    const { differingMs, longestMs } = this.#lag;
    return {
      ...this.#counts,
      lost: this.#lost,
      rss: { warm: around(warmAt), end: around(span - MINUTE / 2) },
      complaints: this.#site
        .log()
        .split('\n')
        .filter((line) => COMPLAINT.test(line)),
      seconds: { all: span / 1_000, differing: differingMs / 1_000, longestBehind: longestMs / 1_000 },
    };
  }
}

/** Runs birdconfd under continuous change for so long, with etcd and BIRD restarted at random, and tells what became of it. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const etcd = await startEtcd();
  try {
    for (const [key, value] of FIRST_DATA) await etcd.client.put(key).value(value);
    const site = await FaultSite.open({
      datastore: ['--endpoints', etcd.endpoint],
      more: ['--resync-interval', '30s'],
    });
    try {
      await site.start();
      return await new Soak(options, etcd, site).run();
    } finally {
      await site.close();
    }
  } finally {
    await etcd.stop();
  }
}
