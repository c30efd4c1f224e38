import type { BirdDaemon, DaemonObservation, Verdict } from '../../src/bird/daemon-session.ts';
import type { Clock } from '../../src/core/clock.ts';
import { digestOf } from '../../src/core/digest.ts';
import { StageError } from '../../src/core/errors.ts';
import type { World } from '../../src/transaction/drive.ts';
import { type BundleId, IDLE, type Transaction } from '../../src/transaction/machine.ts';
import { apply, boot, type Command, type ModelBird } from '../daemon/configure-model.ts';
import type { Schedule } from './schedule.ts';

/** The process is killed: nothing of it goes on. */
export class Killed extends Error {}

/** What becomes of a bundle: BIRD runs it well, refuses to reconfigure to it, or runs it and something is missing. */
export type Fate = 'good' | 'refused' | 'unlike';

export const UNDO_SECONDS = 60;
const MIXED = digestOf('some of one and some of the other');

/** A node with its disk, ledger and BIRD, where at every effect things go as the schedule says. */
export class ModelWorld implements World {
  #now = 1_000_000;
  readonly clock: Clock = {
    now: () => this.#now,
    sleep: async () => undefined,
  };
  readonly signal = new AbortController().signal;
  readonly undoSeconds = UNDO_SECONDS;
  readonly fates: ReadonlyMap<BundleId, Fate>;
  readonly #schedule: Schedule;
  ledger: Transaction = IDLE;
  disk: BundleId;
  bird: ModelBird | null;
  /** Promises that were broken. Kept, as what is thrown at the drive it takes for a fault of BIRD's. */
  readonly broken: string[] = [];
  #boots = 0;
  /** Sent to a busy BIRD by a conversation that is over: read before anything of the next one, if ever (`configure-model.test.ts`). */
  #late: Command | null = null;

  constructor(schedule: Schedule, start: BundleId, fates: ReadonlyMap<BundleId, Fate>) {
    this.#schedule = schedule;
    this.disk = start;
    this.bird = boot(start);
    this.fates = fates;
  }

  async save(txn: Transaction): Promise<void> {
    const what = this.#schedule.choose('kept', 'killed before', 'killed after');
    if (what === 'killed before') throw new Killed();
    this.ledger = structuredClone(txn);
    if (what === 'killed after') throw new Killed();
  }

  async write(bundle: BundleId): Promise<void> {
    const what = this.#schedule.choose('written', 'failed', 'killed midway', 'killed after');
    if (what === 'failed') throw new StageError('commit', 'no-space', 'full', { retryable: true });
    this.disk = what === 'killed midway' ? MIXED : bundle;
    if (what.startsWith('killed')) throw new Killed();
  }

  async expected(_: BundleId | null, to: BundleId) {
    return { names: [to], changed: new Set<string>(), reimported: [] };
  }

  moved(): void {
    // The model looks at what is kept: the states between are `drive`'s own.
  }

  async converse(use: (daemon: BirdDaemon) => Promise<void>): Promise<void> {
    this.befall();
    if (!this.bird) throw this.#lost('socket-refused');
    this.#arrive();
    await use({
      configure: (options) => this.#tell(options?.undoSeconds ? 'configure timeout' : 'configure') as Promise<Verdict>,
      confirm: async () => ((await this.#tell('configure confirm')) === 18 ? 'confirmed' : 'nothing-to-confirm'),
      undo: async () => {
        if (!['restoring', 'returning'].includes(this.ledger.at)) this.#broken(`undo at ${this.ledger.at}`);
        return (await this.#tell('configure undo')) as Verdict;
      },
      observe: () => this.#observe(),
    });
  }

  /** What others do to BIRD, between any two steps of ours. */
  befall(): void {
    const what = this.#schedule.choose(
      'nothing',
      'BIRD starts again',
      'BIRD dies',
      'time passes',
      'another configures',
    );
    if (what === 'BIRD starts again') this.start();
    if (what === 'BIRD dies') {
      this.bird = null;
      this.#late = null;
    }
    if (what === 'time passes') this.pass();
    if (what === 'another configures' && this.bird) this.#apply('configure');
  }

  /** BIRD takes at its start what the check took, also where the one that ran before did not. */
  start(): void {
    this.#boots++;
    this.#late = null;
    this.bird = this.disk === MIXED ? null : boot(this.disk);
  }

  /** Longer than any timer, and than any command is on its way. */
  pass(): void {
    this.#arrive();
    this.#now += 2 * UNDO_SECONDS * 1000;
    if (this.bird) this.bird = apply(apply(this.bird, 'expire', this.disk).bird, 'settle', this.disk).bird;
  }

  async #tell(command: Command): Promise<Verdict | number> {
    this.befall();
    const what = this.#schedule.choose(
      'answered',
      'lost before',
      'lost after',
      'lost, and arrives late',
      'killed before',
      'killed after',
      'killed, and arrives late',
    );
    if (what === 'killed before') throw new Killed();
    if (what === 'lost before' || !this.bird) throw this.#lost('connection-lost');
    if (what.endsWith('late')) this.#late = command;
    if (what === 'killed, and arrives late') throw new Killed();
    if (what === 'lost, and arrives late') throw this.#lost('timeout');
    const code = this.#take(command, this.bird);
    if (what === 'killed after') throw new Killed();
    if (what === 'lost after') throw this.#lost('timeout');
    if (command === 'configure confirm') return code;
    return code >= 8000
      ? { kind: 'refused', code, message: 'refused' }
      : { kind: 'running', restarting: code !== 3, boot: String(this.#boots) };
  }

  #arrive(): void {
    if (this.#late !== null && this.bird) this.#take(this.#late, this.bird);
    this.#late = null;
  }

  #take(command: Command, { timer }: ModelBird): number {
    if (command === 'configure timeout' && timer) this.#broken('a second timer while one runs');
    if (command.startsWith('configure') && this.disk === MIXED) this.#broken('BIRD is told to read a mixture');
    return this.#apply(command);
  }

  #broken(promise: string): void {
    this.broken.push(promise);
  }

  #apply(command: Command): number {
    if (!this.bird) return 0;
    const text = this.fates.get(this.disk) === 'refused' || this.disk === MIXED ? null : this.disk;
    const { bird, code } = apply(this.bird, command, text);
    this.bird = apply(bird, 'settle', text).bird;
    return code ?? 0;
  }

  async #observe(): Promise<DaemonObservation> {
    this.befall();
    const what = this.#schedule.choose('answered', 'lost', 'killed');
    if (what === 'killed') throw new Killed();
    if (what === 'lost' || !this.bird) throw this.#lost('timeout');
    const { running } = this.bird;
    const name = this.fates.get(running as BundleId) === 'unlike' ? 'something else' : running;
    const row = { name, type: 'BGP', state: 'up', since: '', info: '', established: false, lastError: null };
    const protocols = [{ ...row, neighborAddress: null, importedRoutes: null }];
    return { boot: String(this.#boots), reconfigured: '', gracefulRestart: false, protocols };
  }

  #lost = (code: string): StageError => new StageError('reload', code, code, { retryable: true });
}
