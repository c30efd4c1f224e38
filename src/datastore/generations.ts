import type { Clock } from '../core/clock.ts';
import { messageOf, StageError } from '../core/errors.ts';
import type { Datastore, DatastoreHealth, Snapshot } from './datastore.ts';
import { canResume, meetsAll, toStageError } from './etcd-errors.ts';

/** What a datastore behind a server needs beside the address. `resyncIntervalMs`: how often reads look for what the watch did not bring. */
export interface Surroundings {
  readonly clock: Clock;
  readonly resyncIntervalMs: number;
  readonly log: (event: string, fields: Record<string, unknown>) => void;
  /** As Math.random. */
  readonly random?: () => number;
  readonly timings?: Partial<Omit<Timings, 'resyncIntervalMs'>>;
}

/** How long to wait for what; milliseconds. */
export interface Timings {
  /** After so long without a response the server is asked whether it is still there. */
  readonly silenceMs: number;
  /** So long may the watch stand still while it owes a change that a read has seen. */
  readonly graceMs: number;
  /** So long without a change, and a watch that was resumed has caught up. */
  readonly settleMs: number;
  /** The deadline of every single call. */
  readonly callMs: number;
  /** How often reads look for what the watch did not bring. */
  readonly resyncIntervalMs: number;
}

/** Counted since the start. */
export interface GenerationMetrics {
  /** Lists after the first one. */
  readonly relists: number;
  /** Clients after the first one. */
  readonly reconnects: number;
  /** Watches that were given up because a read knew more. */
  readonly missedByWatch: number;
}

/** What a generation keeps for the next one. */
export interface KeptCopy {
  readonly listings: number;
  /** Nothing has to be listed: changes can be added to what is there. */
  readonly isComplete: boolean;
  snapshot(): Snapshot;
  forgetPosition(): void;
}

/** One generation's surroundings, and whom it tells. */
export interface GenerationPlace {
  readonly endpoint: string;
  readonly clock: Clock;
  readonly timings: Timings;
  /** Aborted from outside, or by the generation itself once nothing more can come. */
  readonly connection: AbortController;
  readonly contactAt: () => number;
  readonly onContact: () => void;
  /** Changes come in from now on, whether or not all is known yet. */
  readonly onHearing: () => void;
  readonly onInSync: () => void;
  readonly onChanged: () => void;
}

/** A copy, and how one client keeps it in step: never resolves, rejects with whatever ended it. */
export interface Follower {
  readonly copy: KeptCopy;
  follow(place: GenerationPlace): Promise<never>;
}

/** So far is `callMs` doubled while all that a server does is to be late; with `silenceMs` it stays below 38 s. */
const LONGEST_CALL_MS = 20_000;

const TIMINGS = { silenceMs: 10_000, graceMs: 5_000, settleMs: 250, callMs: 5_000 };
const BACKOFF = { firstMs: 250, longestMs: 30_000 };
/** Over so long the nodes of a fleet spread their lists, each by chance, while what they have stays in effect. */
const LISTS_SPREAD_MS = 5_000;

/**
 * A copy of a server's keys that lives in generations: each is one client with one endpoint, and any fault ends it. The next one, after a
 * backoff and on the next endpoint, goes on with the copy, or lists it anew when the fault was more than a lost connection. What a
 * generation does is for whoever extends it (etcd-v3.ts, etcd-v2.ts, redis.ts).
 */
export class Generations implements Datastore {
  readonly #endpoints: readonly string[];
  readonly #open: (prefixes: readonly string[]) => Follower;
  readonly #clock: Clock;
  readonly #log: Surroundings['log'];
  readonly #random: () => number;
  readonly #timings: Timings;
  readonly #stop = new AbortController();
  /** Ends the generation under way, so that the next one lists. */
  #doubt = new AbortController();
  #copy: KeptCopy | null = null;
  #onNewer: () => void = () => undefined;
  #started = false;
  #attempts = 0;
  /** Of the generation under way. */
  #hears = false;
  #missedByWatch = 0;
  #contactAt = 0;
  #health: DatastoreHealth = { inSync: false, staleSince: null, lastError: null };
  #running: Promise<void> = Promise.resolve();

  constructor(
    endpoints: readonly string[],
    { clock, resyncIntervalMs, log, random, timings }: Surroundings,
    open: (prefixes: readonly string[]) => Follower,
  ) {
    this.#endpoints = endpoints;
    this.#open = open;
    this.#clock = clock;
    this.#log = log;
    this.#random = random ?? Math.random;
    this.#timings = { ...TIMINGS, ...timings, resyncIntervalMs };
  }

  get metrics(): GenerationMetrics {
    return {
      relists: Math.max(0, (this.#copy?.listings ?? 0) - 1),
      reconnects: Math.max(0, this.#attempts - 1),
      missedByWatch: this.#missedByWatch,
    };
  }

  async start(prefixes: readonly string[], onNewer: () => void, signal: AbortSignal): Promise<void> {
    const follower = this.#open(prefixes);
    this.#copy = follower.copy;
    this.#onNewer = onNewer;
    this.#contactAt = this.#clock.now();
    this.#health = { inSync: false, staleSince: this.#contactAt, lastError: null };
    if (signal.aborted) this.#stop.abort();
    else signal.addEventListener('abort', () => this.#stop.abort(), { once: true });
    await new Promise<void>((resolve, reject) => {
      this.#running = this.#run(follower, resolve).catch(reject);
    });
  }

  snapshot(): Snapshot {
    if (!this.#copy || !this.#started) throw new Error('bug: snapshot before start');
    return this.#copy.snapshot();
  }

  health(): DatastoreHealth {
    return this.#health;
  }

  reread(): void {
    this.#doubt.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Generation after generation, until stopped. Rejects only if none ever was in sync. */
  async #run(follower: Follower, onStarted: () => void): Promise<void> {
    const endpoints = this.#endpoints;
    const first = Math.floor(this.#random() * endpoints.length);
    let failures = 0;
    let timeouts = 0;
    while (!this.#stop.signal.aborted) {
      const endpoint = endpoints[(first + this.#attempts++) % endpoints.length]!;
      const beganAt = this.#clock.now();
      const callMs = Math.max(this.#timings.callMs, Math.min(LONGEST_CALL_MS, this.#timings.callMs * 2 ** timeouts));
      const error = await this.#generation(endpoint, { ...this.#timings, callMs }, follower, onStarted);
      if (this.#stop.signal.aborted) break;
      const { inSync } = this.#health;
      timeouts = error.code === 'timeout' && !inSync ? timeouts + 1 : 0;
      this.#health = { inSync: false, staleSince: this.#contactAt, lastError: error };
      if (!this.#started && !error.retryable) throw error;
      if (!canResume(error)) follower.copy.forgetPosition();
      if (error.code === 'missed-by-watch') this.#missedByWatch++;
      // Lists are dear, so only a connection that worked and broke, or one that lasted, begins the backoff anew.
      const good = (canResume(error) && this.#hears) || this.#clock.now() - beganAt > BACKOFF.longestMs;
      failures = good ? 1 : failures + 1;
      await this.#backOff(error, failures % endpoints.length === 0 ? failures / endpoints.length : 0);
    }
    const { lastError } = this.#health;
    this.#health = { inSync: false, staleSince: this.#contactAt, lastError };
    if (this.#started) return;
    throw lastError ?? new StageError('datastore', 'aborted', 'stopped before etcd answered', { retryable: true });
  }

  /** Ends with an error, whatever happens, and at once when the datastore is stopped. */
  async #generation(
    endpoint: string,
    timings: Timings,
    { copy, follow }: Follower,
    onStarted: () => void,
  ): Promise<StageError> {
    const connection = new AbortController();
    this.#doubt = new AbortController();
    this.#hears = false;
    const ended = new Promise<never>((_, reject) => {
      const { signal } = connection;
      this.#stop.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true, signal });
      const doubted = new StageError('datastore', 'doubted', 'everything is read again', { retryable: true });
      this.#doubt.signal.addEventListener('abort', () => reject(doubted), { once: true, signal });
    });
    const lists = !copy.isComplete;
    try {
      const following = follow({
        endpoint,
        clock: this.#clock,
        timings,
        connection,
        contactAt: () => this.#contactAt,
        onContact: () => {
          this.#contactAt = this.#clock.now();
        },
        onHearing: () => {
          this.#hears = true;
        },
        onChanged: () => this.#tellNewer(),
        onInSync: () => {
          this.#health = { inSync: true, staleSince: null, lastError: null };
          this.#log('datastore-in-sync', { endpoint, revision: copy.snapshot().revision, listed: lists });
          this.#started = true;
          onStarted();
        },
      });
      return await Promise.race([following, ended]);
    } catch (thrown) {
      return toStageError(thrown, endpoint);
    } finally {
      connection.abort();
    }
  }

  /** Waits before every `round` through the endpoints but the first; round 0: another endpoint is tried at once. */
  async #backOff(error: StageError, round: number): Promise<void> {
    const longest = Math.min(BACKOFF.longestMs, BACKOFF.firstMs * 2 ** (round - 1));
    const spread = this.#started && meetsAll(error) ? this.#random() * LISTS_SPREAD_MS : 0;
    const retryInMs = Math.round((round === 0 ? 0 : longest * (0.5 + this.#random() / 2)) + spread);
    const since = new Date(this.#contactAt).toISOString();
    this.#log('datastore-lost', { since, code: error.code, message: error.message, retryInMs });
    await this.#clock.sleep(retryInMs, this.#stop.signal);
  }

  /** The reader's fault must not cost a response of the watch. */
  #tellNewer(): void {
    if (!this.#started || this.#stop.signal.aborted) return;
    try {
      this.#onNewer();
    } catch (thrown) {
      this.#log('datastore-reader-failed', { message: messageOf(thrown) });
    }
  }
}
