import { normalize, relative } from 'node:path';
import { type Clock, systemClock } from '../core/clock.ts';
import { StageError } from '../core/errors.ts';
import type { Datastore, DatastoreHealth, Snapshot } from './datastore.ts';
import { DirectoryWatch } from './directory-watch.ts';
import { documentReading } from './document-reading.ts';
import { type InputListing, listInputs } from './input-listing.ts';
import { inputVerdict } from './input-verdict.ts';
import { KeySpace } from './key-space.ts';
import { type KnownFile, readKnownFile } from './known-file.ts';
import type { Reading } from './reading.ts';

export interface FilesOptions {
  readonly log: (event: string, fields: Record<string, unknown>) => void;
  /** What the files are for; resources in documents, if it is not told. */
  readonly reading?: Reading;
  /** False: read once, at `start`, and never look again. */
  readonly watch?: boolean;
  readonly clock?: Clock;
}

/** Without events for so long, look nevertheless: network file systems tell nothing of what other hosts write. */
const LOOK_EVERY_MS = 60_000;
/** The same while events are known to be missing. */
const LOOK_BLIND_EVERY_MS = 2_000;

/**
 * What files and directories say, by a `Reading`. Every look lists all of them and reads those that changed; events only say
 * that it is time for one, so that none of them can be misread. Of two files that define one key, the one whose name sorts
 * first wins.
 *
 * What cannot be read keeps what it said last: a file that is damaged or closed to us, everything below a directory that is
 * closed, and everything below a given path at which nothing stands any more (a volume that is not mounted is no order
 * to drop every peer) unless that is optional. A file that is deleted from a directory takes its entries away.
 *
 * `start` rejects with a StageError `datastore`, not retryable: `input-missing`, `input-unreadable` (a given path that is
 * not optional).
 * `health().lastError` afterwards: `input-missing`, `input-unreadable` or `watch-failed`, retryable; stale while a
 * given path, or anything below it, cannot be reached.
 */
export class FilesDatastore implements Datastore {
  readonly #paths: readonly string[];
  readonly #reading: Reading;
  readonly #log: FilesOptions['log'];
  readonly #clock: Clock;
  readonly #watch: DirectoryWatch | null;
  #space: KeySpace | null = null;
  #onNewer: () => void = () => undefined;
  #files: ReadonlyMap<string, KnownFile> = new Map();
  #dirty = false;
  #closed = false;
  #nap = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #staleSince: number | null = null;
  #fault: StageError | null = null;
  #logged: StageError | null = null;

  constructor(paths: readonly string[], options: FilesOptions) {
    const { reading = documentReading, log, watch = true, clock = systemClock } = options;
    this.#paths = paths.map((path) => normalize(path).replace(/(?<=.)\/+$/, ''));
    this.#reading = reading;
    this.#log = log;
    this.#clock = clock;
    this.#watch = watch ? new DirectoryWatch({ onEvent: () => this.#wake(), clock }) : null;
  }

  async start(prefixes: readonly string[], onNewer: () => void, signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => void this.close(), { once: true });
    this.#closed ||= signal.aborted;
    const space = new KeySpace(prefixes);
    const listing = await listInputs(this.#paths, this.#reading);
    const [missing] = listing.missing;
    if (missing !== undefined) throw refused('input-missing', `${missing} does not exist`);
    const closed = listing.closed.find(({ path }) => this.#paths.includes(path));
    if (closed && !this.#reading.optional) throw refused('input-unreadable', closed.message);
    await this.#take(space, listing);
    const watch = this.#watch;
    if (watch) {
      this.#dirty = await watch.follow(listing.watch);
      while (this.#dirty && !this.#closed) await this.#look(space, watch);
    }
    this.#onNewer = onNewer;
    this.#space = space;
    if (watch) this.#running = this.#run(space, watch);
  }

  snapshot(): Snapshot {
    if (!this.#space) throw new Error('bug: snapshot before start');
    return this.#space.snapshot();
  }

  health(): DatastoreHealth {
    const inSync = this.#space !== null && this.#staleSince === null;
    return { inSync, staleSince: this.#staleSince, lastError: this.#fault ?? this.#watch?.fault ?? null };
  }

  reread(): void {
    this.#wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#nap.abort();
    await this.#watch?.close();
    await this.#running;
  }

  #wake(): void {
    this.#dirty = true;
    this.#nap.abort();
  }

  async #run(space: KeySpace, watch: DirectoryWatch): Promise<void> {
    while (!this.#closed) {
      this.#nap = new AbortController();
      if (!this.#dirty) await this.#clock.sleep(watch.fault ? LOOK_BLIND_EVERY_MS : LOOK_EVERY_MS, this.#nap.signal);
      const anew = watch.fault !== null && !this.#dirty;
      if (!this.#closed) await this.#look(space, watch, anew);
    }
  }

  /** Clears `#dirty` before it looks, never after: what happens meanwhile is one more look. */
  async #look(space: KeySpace, watch: DirectoryWatch, anew = false): Promise<void> {
    this.#dirty = false;
    const listing = await listInputs(this.#paths, this.#reading);
    if ((await this.#take(space, listing)) && !this.#closed) this.#onNewer();
    if (await watch.follow(listing.watch, { anew })) this.#dirty = true;
    const { fault } = watch;
    if (fault && fault.message !== this.#logged?.message) this.#log(fault.code, { message: fault.message });
    this.#logged = fault;
  }

  /** True if the copy or the diagnostics changed. */
  async #take(space: KeySpace, listing: InputListing): Promise<boolean> {
    const files = new Map<string, KnownFile>();
    for (const name of listing.files) {
      const file = await readKnownFile(name, this.#files.get(name), this.#reading, this.#clock);
      if (file) files.set(name, file);
    }
    const unseen = [...listing.missing, ...listing.closed.map(({ path }) => path)];
    for (const [name, file] of this.#files) {
      if (!files.has(name) && unseen.some((path) => isAtOrBelow(path, name))) files.set(name, file);
    }
    this.#files = files;
    const { entries, diagnostics, revision, isStale, fault } = inputVerdict(listing, files);
    this.#staleSince = isStale ? (this.#staleSince ?? this.#clock.now()) : null;
    this.#fault = fault;
    const hasChanged = space.replace(entries);
    space.at(revision);
    return space.note(diagnostics) || hasChanged;
  }
}

const isAtOrBelow = (path: string, name: string): boolean => !relative(path, name).startsWith('..');

const refused = (code: string, message: string): StageError =>
  new StageError('datastore', code, message, { retryable: false });
