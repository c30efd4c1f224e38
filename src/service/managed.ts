import { Dirty } from '../core/dirty.ts';
import type { Log } from '../core/log.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import { runPass } from '../pass/pass.ts';
import type { PassReport } from '../pass/pass-report.ts';
import type { Place } from '../pass/place.ts';
import { TargetStatus } from '../status.ts';
import type { Target } from '../targets.ts';

/** What an operator wants done to the target before the pass that shows what came of it. */
type Work = (signal: AbortSignal) => Promise<void>;

interface Asked {
  readonly work: Work;
  readonly resolve: (report: PassReport) => void;
  readonly reject: (error: unknown) => void;
}

/** The last pass, and when it ended. */
export interface LastPass {
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

  constructor(target: Target, place: Place, log: Log) {
    this.target = target;
    this.place = place;
    this.#status = new TargetStatus(target.name, log);
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
    this.last = { report, at };
    this.#status.record(report);
    for (const { resolve } of done) resolve(report);
    return report;
  }
}
