import type { Diagnostic } from '../core/diagnostic.ts';
import type { Datastore, DatastoreHealth, Entry, Snapshot } from './datastore.ts';

type Entries = ReadonlyMap<string, Entry>;

/** Which entries under one prefix are to be judged, and by whom. */
export interface Vetting {
  readonly prefix: string;
  readonly isJudged: (key: string) => boolean;
  /** Why a value may not be used, or null. */
  readonly judge: (key: string, value: string, signal: AbortSignal) => Promise<string | null>;
  /** What is told of a value that may not. */
  readonly diagnosticOf: (key: string, why: string) => Diagnostic;
}

/** A value that was judged. */
interface Verdict {
  readonly value: string;
  readonly why: string | null;
}

/**
 * Another datastore, less the entries that an outside judge refuses: a new value shows only once it was judged, and until then, or when
 * it is refused, the last one that passed stays. Refusals are Diagnostics of the snapshots. `start` resolves when all that is there
 * was judged.
 */
export class VettedDatastore implements Datastore {
  readonly #inner: Datastore;
  readonly #vetting: Vetting;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #passed = new Map<string, Entry>();
  #closed = false;
  #changes = 0;
  #last: { readonly from: Snapshot; readonly changes: number; readonly made: Snapshot } | null = null;
  #entries: { readonly from: Entries; readonly changes: number; readonly made: Entries } | null = null;

  constructor(inner: Datastore, vetting: Vetting) {
    this.#inner = inner;
    this.#vetting = vetting;
  }

  async start(prefixes: readonly string[], onNewer: () => void, signal: AbortSignal): Promise<void> {
    let started = false;
    let judging: Promise<void> = Promise.resolve();
    const newer = () => {
      judging = judging.then(async () => {
        await this.#judge(signal);
        if (!signal.aborted && !this.#closed) onNewer();
      });
    };
    await this.#inner.start(prefixes, () => started && newer(), signal);
    started = true;
    await this.#judge(signal);
  }

  snapshot(): Snapshot {
    const from = this.#inner.snapshot();
    if (this.#last?.from === from && this.#last.changes === this.#changes) return this.#last.made;
    const { prefix, diagnosticOf } = this.#vetting;
    const entries = this.#vetted(from.entries(prefix));
    const refused = [...this.#verdicts].flatMap(([key, { why }]) => (why === null ? [] : [diagnosticOf(key, why)]));
    const made: Snapshot = {
      ...from,
      generation: from.generation + this.#changes,
      entries: (asked) => (asked === prefix ? entries : from.entries(asked)),
      diagnostics: [...from.diagnostics, ...refused],
    };
    this.#last = { from, changes: this.#changes, made };
    return made;
  }

  health(): DatastoreHealth {
    return this.#inner.health();
  }

  reread(): void {
    this.#inner.reread();
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#inner.close();
  }

  /** Judges every value that is not known yet, and forgets what is gone. */
  async #judge(signal: AbortSignal): Promise<void> {
    const { prefix, isJudged, judge } = this.#vetting;
    const found = new Map([...this.#inner.snapshot().entries(prefix)].filter(([key]) => isJudged(key)));
    for (const [key, entry] of found) {
      if (this.#verdicts.get(key)?.value === entry.value || signal.aborted || this.#closed) continue;
      const why = await judge(key, entry.value, signal);
      this.#verdicts.set(key, { value: entry.value, why });
      if (why === null) this.#passed.set(key, entry);
      this.#changes++;
    }
    for (const key of this.#verdicts.keys()) {
      if (found.has(key)) continue;
      this.#verdicts.delete(key);
      this.#passed.delete(key);
      this.#changes++;
    }
  }

  #vetted(from: Entries): Entries {
    if (this.#entries?.from === from && this.#entries.changes === this.#changes) return this.#entries.made;
    const all = [...from].flatMap(([key, entry]): readonly (readonly [string, Entry])[] => {
      const shown = this.#vetting.isJudged(key) ? this.#passed.get(key) : entry;
      return shown ? [[key, shown]] : [];
    });
    const made = new Map(all);
    this.#entries = { from, changes: this.#changes, made };
    return made;
  }
}
