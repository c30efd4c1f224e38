import type { Clock } from '../core/clock.ts';
import { messageOf, StageError } from '../core/errors.ts';
import { changesBetween } from '../core/journal.ts';
import type { Datastore, DatastoreHealth, Entry, Snapshot } from './datastore.ts';

type Entries = ReadonlyMap<string, Entry>;

/** How long the start waits for the secondaries; milliseconds. */
const WAIT_MS = 30_000;

/** A secondary and how far it is: its faults before its first full copy are ours to tell. */
interface Secondary {
  readonly store: Datastore;
  state: 'starting' | 'started' | 'failed';
  fault: StageError | null;
}

/**
 * One primary datastore and more beside it, as one: every prefix is asked from each, and where two have the same key the
 * primary wins, then the secondary that was named first.
 *
 * `start` resolves when all have their first full copy, or after 30 s when the primary has: then `health().lastError` is
 * `secondary-late` until the others are there, too. It rejects as soon as the primary's start does, or a secondary's within
 * that time; a secondary that fails later stays without entries, and its error is the `lastError`. Whoever started it
 * closes it, also after a rejection.
 */
export class JoinedDatastore implements Datastore {
  readonly #primary: Datastore;
  readonly #secondaries: readonly Secondary[];
  readonly #clock: Clock;
  #prefixes: readonly string[] = [];
  #parts: readonly Snapshot[] = [];
  #last: Snapshot | null = null;
  #started = false;

  constructor(primary: Datastore, secondaries: readonly Datastore[], { clock }: { readonly clock: Clock }) {
    this.#primary = primary;
    this.#secondaries = secondaries.map((store) => ({ store, state: 'starting', fault: null }));
    this.#clock = clock;
  }

  async start(prefixes: readonly string[], onNewer: () => void, signal: AbortSignal): Promise<void> {
    this.#prefixes = prefixes;
    const newer = () => {
      if (this.#started && !signal.aborted) onNewer();
    };
    const waiting = new AbortController();
    signal.addEventListener('abort', () => waiting.abort(), { once: true });
    const secondaries = Promise.all(this.#secondaries.map((one) => this.#startSecondary(one, newer, signal)));
    const longEnough = this.#clock.sleep(WAIT_MS, waiting.signal);
    try {
      await Promise.all([this.#primary.start(prefixes, newer, signal), Promise.race([secondaries, longEnough])]);
    } finally {
      waiting.abort();
    }
    for (const one of this.#secondaries) {
      if (one.state === 'starting') one.fault = fault('secondary-late', `no full copy after ${WAIT_MS} ms`);
    }
    this.#started = true;
  }

  snapshot(): Snapshot {
    if (!this.#started) throw new Error('bug: snapshot before start');
    const parts = [this.#primary, ...this.#ready().map(({ store }) => store)].map((store) => store.snapshot());
    if (this.#last && parts.length === this.#parts.length && parts.every((part, i) => part === this.#parts[i])) {
      return this.#last;
    }
    this.#parts = parts;
    this.#last = joined(parts, this.#prefixes, this.#last);
    return this.#last;
  }

  /** In sync when every started one is; stale since the longest-stale one is; the first error, the primary's before others. */
  health(): DatastoreHealth {
    const started = [this.#primary, ...this.#ready().map(({ store }) => store)].map((store) => store.health());
    const stale = started.flatMap(({ staleSince }) => (staleSince === null ? [] : [staleSince]));
    const errors = [...started.map(({ lastError }) => lastError), ...this.#secondaries.map(({ fault }) => fault)];
    return {
      inSync: this.#started && started.every(({ inSync }) => inSync),
      staleSince: stale.length > 0 ? Math.min(...stale) : null,
      lastError: errors.find((error) => error !== null) ?? null,
    };
  }

  reread(): void {
    for (const store of [this.#primary, ...this.#ready().map((one) => one.store)]) store.reread();
  }

  async close(): Promise<void> {
    await Promise.all([this.#primary, ...this.#secondaries.map(({ store }) => store)].map((store) => store.close()));
  }

  #ready(): readonly Secondary[] {
    return this.#secondaries.filter(({ state }) => state === 'started');
  }

  async #startSecondary(one: Secondary, newer: () => void, signal: AbortSignal): Promise<void> {
    try {
      await one.store.start(this.#prefixes, newer, signal);
      one.state = 'started';
      one.fault = null;
      newer();
    } catch (error) {
      one.state = 'failed';
      one.fault = error instanceof StageError ? error : fault('secondary-failed', messageOf(error), error);
      throw error;
    }
  }
}

/** The parts side by side. `last` gives its number and its Maps to what did not change. */
function joined(parts: readonly Snapshot[], prefixes: readonly string[], last: Snapshot | null): Snapshot {
  const diagnostics = parts.flatMap((part) => part.diagnostics);
  let changed = JSON.stringify(diagnostics) !== JSON.stringify(last?.diagnostics);
  const maps = new Map(
    prefixes.map((prefix) => {
      const map = merge(parts.map((part) => part.entries(prefix)));
      const before = last?.entries(prefix);
      if (before && isSame(before, map)) return [prefix, before] as const;
      changed = true;
      return [prefix, map] as const;
    }),
  );
  const generation = (last?.generation ?? 0) + (changed ? 1 : 0);
  const listing = parts.reduce((sum, part) => sum + part.listing, 0);
  return {
    generation,
    revision: parts.map(({ revision }) => revision).join('+'),
    listing,
    entries: entriesIn(maps),
    diagnostics,
  };
}

/** Not a closure of `joined`: it would hold on to `last`, that one to its own, and no snapshot would ever be let go. */
const entriesIn =
  (maps: ReadonlyMap<string, Entries>) =>
  (prefix: string): Entries => {
    const map = maps.get(prefix);
    if (!map) throw new Error(`bug: the datastore was not asked for ${prefix}`);
    return map;
  };

/** Earlier maps win. The only one that has entries is taken as it is: as a rule each prefix lives in one datastore. */
function merge(maps: readonly Entries[]): Entries {
  const filled = maps.filter(({ size }) => size > 0);
  if (filled.length < 2) return filled[0] ?? maps[0] ?? new Map();
  return new Map(filled.toReversed().flatMap((map) => [...map]));
}

function isSame(before: Entries, now: Entries): boolean {
  if (before === now) return true;
  const changed = changesBetween(before, now) ?? now.keys();
  return before.size === now.size && [...changed].every((key) => before.get(key) === now.get(key));
}

const fault = (code: string, message: string, cause?: unknown): StageError =>
  new StageError('datastore', code, message, { retryable: true, cause });
