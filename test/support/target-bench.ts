import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BgpOptions, bgpTargets } from '../../src/bgp-targets.ts';
import type { OperationResult } from '../../src/control/operations.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { prefixesFor } from '../../src/core/keys.ts';
import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { resolveFileOwner } from '../../src/host/file-owner.ts';
import { ledgerPath, readLedger } from '../../src/host/ledger.ts';
import { builtInTemplates, readTemplates } from '../../src/host/read-templates.ts';
import type { PassReport } from '../../src/pass/pass-report.ts';
import { Place, type PlaceOptions } from '../../src/pass/place.ts';
import { isAnotherDaemon } from '../../src/pass/poll.ts';
import { Managed } from '../../src/service/managed.ts';
import { operationsOf } from '../../src/service/operations.ts';
import { type ServiceFacts, serviceReport } from '../../src/service/service-report.ts';
import type { Target } from '../../src/targets.ts';
import { selfFor } from './self.ts';

const NEVER = new AbortController().signal;
const FACTS: ServiceFacts = { version: 'test', pid: 1, node: 'node-a', startedAt: 0 };

/** A BIRD that nothing of ours runs in yet. */
export const BOOT_CONFIG = 'router id 192.0.2.1;\nprotocol device {}\n';

/** The daemon that a bench is about: a TestBird, or one of the lab. */
export interface BenchDaemon {
  readonly configFile: string;
  readonly socket: string;
}

type ProcessOptions = Partial<BgpOptions> & Partial<PlaceOptions> & { readonly binary?: string };

/** One life of the service over the bench's target: its memory is begun from the ledger on the disk. */
export interface TestProcess {
  readonly place: Place;
  readonly target: Target;
  readonly managed: Managed;
  pass(isQuiet?: boolean): Promise<PassReport>;
  /** What the loop does while nothing else is to do; true when a pass is due. */
  poll(): Promise<boolean>;
  /** One pass, as an operator asks for it; resolves with what that came to. */
  ask(verb: 'approve' | 'resume' | 'reload'): Promise<PassReport>;
  /** The same; resolves with what the operator is told. */
  told(verb: 'approve' | 'resume' | 'reload'): Promise<OperationResult>;
  rollback(back: number, forMs: number): Promise<PassReport>;
  /** Where it stands, in the words of `birdconfd status`. */
  status(): Promise<{ readonly state: string; readonly ready: boolean; readonly why: string | null }>;
}

/** One target on a real BIRD, over a datastore that the test changes and a clock that it can move. */
export class TargetBench {
  readonly store: MemoryDatastore;
  readonly daemon: BenchDaemon;
  readonly stateDir: string;
  readonly clock: Clock;
  #ahead = 0;

  constructor(daemon: BenchDaemon, store: MemoryDatastore) {
    this.daemon = daemon;
    this.store = store;
    this.stateDir = join(dirname(daemon.configFile), 'state');
    this.clock = { now: () => systemClock.now() + this.#ahead, sleep: systemClock.sleep };
  }

  static async over(daemon: BenchDaemon, values: Iterable<readonly [string, string]>): Promise<TargetBench> {
    const bench = new TargetBench(daemon, new MemoryDatastore(Object.fromEntries(values)));
    await bench.store.start(prefixesFor('node-a'), () => {}, new AbortController().signal);
    return bench;
  }

  /** Lets the time that a process sees go on by `ms` at once. */
  later(ms: number): void {
    this.#ahead += ms;
  }

  /** The file that BIRD reads, as it lies on the disk. */
  get file(): Promise<string> {
    return readFile(this.daemon.configFile, 'utf8');
  }

  async ledger() {
    return (await readLedger(ledgerPath(this.stateDir, 'bird'))).record;
  }

  async process(options: ProcessOptions = {}): Promise<TestProcess> {
    const ledger = await this.ledger();
    const output = dirname(this.daemon.configFile);
    const socket = options.socket ?? this.daemon.socket;
    const binary = { binary: options.binary ?? '/usr/sbin/bird' };
    const [target] = bgpTargets(
      {
        self: options.self ?? selfFor('node-a'),
        flavour: '1.6',
        layout: 'single',
        templates: options.templates ?? (await readTemplates(builtInTemplates(), 'bird1')),
        version: options.version ?? 'test',
        lastGood: new Map(Object.entries(ledger.lastGood)),
      },
      { output, bird: binary, bird6: binary },
    );
    const place = new Place(
      {
        name: 'bird',
        node: 'node-a',
        stateDir: this.stateDir,
        output,
        socket,
        destination: async () => ({
          output,
          mode: 0o640,
          ...(await resolveFileOwner({ fileOwner: null, fileGroup: null }, socket)),
        }),
        check: true,
        prefixes: prefixesFor('node-a'),
        clock: this.clock,
        undoSeconds: 60,
        limits: { gone: 0.25, goneAtLeast: 10, restarts: 0.5, restartsAtLeast: 10, lastPeer: true },
        acceptTakeover: false,
        history: 5,
        ...options,
      },
      ledger,
    );
    const managed = new Managed(target, place, () => {});
    const operations = operationsOf([managed], { facts: FACTS, datastore: this.store });
    const pass = (isQuiet = true) => managed.pass(() => this.store.snapshot(), { isQuiet, signal: NEVER });
    const after = async <T>(asked: T | Promise<T>): Promise<{ readonly report: PassReport; readonly told: T }> => {
      const passed = pass();
      try {
        return { told: await asked, report: await passed };
      } finally {
        await passed; // two passes at once would be two processes
      }
    };
    return {
      place,
      target,
      managed,
      pass,
      poll: () => isAnotherDaemon(place, NEVER),
      ask: async (verb) => (await after(operations[verb](null))).report,
      told: async (verb) => (await after(operations[verb](null))).told,
      rollback: async (back, forMs) => (await after(operations.rollback(back, forMs, null))).report,
      status: async () => (await serviceReport([managed], FACTS, this.store)).targets[0]!,
    };
  }
}
