import { Dirty } from '../core/dirty.ts';
import type { Log } from '../core/log.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import { runPass } from '../pass/pass.ts';
import type { PassReport } from '../pass/pass-report.ts';
import type { Place } from '../pass/place.ts';
import { TargetStatus } from '../status.ts';
import type { Target } from '../targets.ts';
import type { Transaction } from '../transaction/machine.ts';

/** What an operator wants done to the target before the pass that shows what came of it. */
type Work = (signal: AbortSignal) => Promise<void>;

interface Asked {
  readonly work: Work;
  readonly resolve: (report: PassReport) => void;
  readonly reject: (error: unknown) => void;
}

/** The last pass, its number, and when it ended. */
export interface LastPass {
  readonly pass: number;
  readonly report: PassReport;
  readonly at: number;
}

/** One target under the service: its mailbox, its place, what it did last, and what operators ask of it. */
export class Managed {
  readonly target: Target;
  readonly place: Place;
  readonly dirty = new Dirty();
  readonly #status: TargetStatus;
  #asked: Asked[] = [];
  last: LastPass | null = null;
  /** Since when the passes fail with the same code, in ms since 1970; null = the last one did not. */
  failingSince: number | null = null;
  /** Are told of every move of the transaction, and of every pass that has ended. */
  onMove: ((from: Transaction, to: Transaction) => void) | null = null;
  onPass: ((report: PassReport) => void) | null = null;

  constructor(target: Target, place: Place, log: Log) {
    this.target = target;
    this.place = place;
    this.#status = new TargetStatus(target.name, log);
    place.onMove = (from, to) => {
      this.#status.moved(from, to);
      this.onMove?.(from, to);
    };
  }

  /** Has `work` done by the loop, between two passes, and resolves with the report of the pass after it. Rejects with what `work` did. */
  ask(work: Work): Promise<PassReport> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ work, resolve, reject });
      this.dirty.raise();
    });
  }

  /** One pass over the newest snapshot. Never rejects. */
  async pass(snapshot: () => Snapshot, options: { readonly isQuiet: boolean; readonly signal: AbortSignal }) {
    const asked = this.#asked;
    this.#asked = [];
    this.#status.begin();
    const done: Asked[] = [];
    for (const each of asked) {
      try {
        await each.work(options.signal);
        done.push(each);
      } catch (error) {
        each.reject(error);
      }
    }
    // Who asks means it now.
    const isQuiet = options.isQuiet || done.length > 0;
    const report = await runPass(this.target, snapshot(), this.place, { ...options, isQuiet });
    const before = this.last?.report.error;
    const at = this.place.options.clock.now();
    this.failingSince = report.error ? (before?.code === report.error.code ? this.failingSince : at) : null;
    this.last = { report, at, pass: this.#status.pass };
    this.#status.record(report);
    this.onPass?.(report);
    for (const { resolve } of done) resolve(report);
    return report;
  }
}
