import type { Clock } from '../core/clock.ts';
import { messageOf, StageError } from '../core/errors.ts';
import type { Datastore, DatastoreHealth, Snapshot } from './datastore.ts';
import type { EtcdOptions } from './etcd-client.ts';
import { EtcdCopy } from './etcd-copy.ts';
import { canResume, toStageError } from './etcd-errors.ts';
import { type EtcdTimings, follow } from './etcd-generation.ts';

/** What the datastore needs beside the address. `resyncIntervalMs`: how often reads look for what the watch did not bring. */
export interface EtcdSurroundings {
  readonly clock: Clock;
  readonly resyncIntervalMs: number;
  readonly log: (event: string, fields: Record<string, unknown>) => void;
  /** As Math.random. */
  readonly random?: () => number;
  readonly timings?: Partial<Omit<EtcdTimings, 'resyncIntervalMs'>>;
}

/** Counted since the start. */
export interface EtcdMetrics {
  /** Lists after the first one. */
  readonly relists: number;
  /** Clients after the first one. */
  readonly reconnects: number;
  /** Watches that were given up because a read knew more. */
  readonly missedByWatch: number;
}

const TIMINGS = { silenceMs: 10_000, graceMs: 5_000, callMs: 5_000 };
const BACKOFF = { firstMs: 250, longestMs: 30_000 };

/**
 * A copy of etcd's keys: listed at one revision, then watched from the next one. It lives in generations: each is one
 * client with one connection to one endpoint, and any fault ends it. The next one, after a backoff and on the next
 * endpoint, resumes behind the last revision that was applied, or lists anew when the fault was more than a lost connection.
 *
 * One watch spans the whole range from the first prefix to the last, and the copy takes what is under a prefix. Only so is
 * every response a consistent cut, also while the watch catches up: etcd orders nothing between watches, so with one a
 * prefix a snapshot could hold a late revision of one prefix beside an early one of another. In Calico's layout the range
 * leaves out what changes all the time (`/calico/felix/`, workload endpoints, IPAM handles and blocks); the rest of it
 * (policies, other nodes' affinities) changes rarely. The user's role has to cover the range: read on `/calico/` does.
 */
export class EtcdV3Datastore implements Datastore {
  readonly #options: EtcdOptions;
  readonly #clock: Clock;
  readonly #log: EtcdSurroundings['log'];
  readonly #random: () => number;
  readonly #timings: EtcdTimings;
  readonly #stop = new AbortController();
  /** Ends the generation under way, so that the next one lists. */
  #doubt = new AbortController();
  #copy: EtcdCopy | null = null;
  #onNewer: () => void = () => undefined;
  #started = false;
  #attempts = 0;
  #missedByWatch = 0;
  #contactAt = 0;
  #health: DatastoreHealth = { inSync: false, staleSince: null, lastError: null };
  #running: Promise<void> = Promise.resolve();

  constructor(options: EtcdOptions, { clock, resyncIntervalMs, log, random, timings }: EtcdSurroundings) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#random = random ?? Math.random;
    this.#timings = { ...TIMINGS, ...timings, resyncIntervalMs };
  }

  get metrics(): EtcdMetrics {
    return {
      relists: Math.max(0, (this.#copy?.listings ?? 0) - 1),
      reconnects: Math.max(0, this.#attempts - 1),
      missedByWatch: this.#missedByWatch,
    };
  }

  async start(prefixes: readonly string[], onNewer: () => void, signal: AbortSignal): Promise<void> {
    const copy = new EtcdCopy(prefixes);
    this.#copy = copy;
    this.#onNewer = onNewer;
    this.#contactAt = this.#clock.now();
    this.#health = { inSync: false, staleSince: this.#contactAt, lastError: null };
    if (signal.aborted) this.#stop.abort();
    else signal.addEventListener('abort', () => this.#stop.abort(), { once: true });
    await new Promise<void>((resolve, reject) => {
      this.#running = this.#run(copy, resolve).catch(reject);
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
  async #run(copy: EtcdCopy, onStarted: () => void): Promise<void> {
    const { endpoints } = this.#options;
    const first = Math.floor(this.#random() * endpoints.length);
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      const endpoint = endpoints[(first + this.#attempts++) % endpoints.length]!;
      const beganAt = this.#clock.now();
      const error = await this.#generation(endpoint, copy, onStarted);
      if (this.#stop.signal.aborted) break;
      const { inSync } = this.#health;
      this.#health = { inSync: false, staleSince: this.#contactAt, lastError: error };
      if (!this.#started && !error.retryable) throw error;
      if (!canResume(error)) copy.forgetPosition();
      if (error.code === 'missed-by-watch') this.#missedByWatch++;
      // Lists are dear, so only a connection that worked and broke, or one that lasted, begins the backoff anew.
      const good = (canResume(error) && inSync) || this.#clock.now() - beganAt > BACKOFF.longestMs;
      failures = good ? 1 : failures + 1;
      await this.#backOff(error, failures % endpoints.length === 0 ? failures / endpoints.length : 0);
    }
    const { lastError } = this.#health;
    this.#health = { inSync: false, staleSince: this.#contactAt, lastError };
    if (this.#started) return;
    throw lastError ?? new StageError('datastore', 'aborted', 'stopped before etcd answered', { retryable: true });
  }

  /** Ends with an error, whatever happens, and at once when the datastore is stopped. */
  async #generation(endpoint: string, copy: EtcdCopy, onStarted: () => void): Promise<StageError> {
    const connection = new AbortController();
    this.#doubt = new AbortController();
    const ended = new Promise<never>((_, reject) => {
      const { signal } = connection;
      this.#stop.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true, signal });
      const doubted = new StageError('datastore', 'doubted', 'everything is read again', { retryable: true });
      this.#doubt.signal.addEventListener('abort', () => reject(doubted), { once: true, signal });
    });
    const lists = copy.position === null;
    try {
      const following = follow({
        options: this.#options,
        endpoint,
        clock: this.#clock,
        timings: this.#timings,
        copy,
        connection,
        contactAt: () => this.#contactAt,
        onContact: () => {
          this.#contactAt = this.#clock.now();
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
    const retryInMs = round === 0 ? 0 : Math.round(longest * (0.5 + this.#random() / 2));
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
