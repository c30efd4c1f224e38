import { stat } from 'node:fs/promises';
import type { FSWatcher } from 'chokidar';
import type { Clock } from '../core/clock.ts';
import { messageOf, StageError } from '../core/errors.ts';

/** Directories by real path: the names in each whose events matter, null for all. */
export type WatchedDirectories = ReadonlyMap<string, ReadonlySet<string> | null>;

export interface DirectoryWatchOptions {
  /** Something happened (or `fault` did); what, is for the caller to find out. */
  readonly onEvent: () => void;
  readonly clock: Clock;
}

/** chokidar is never ready when a directory goes while it reads it: then it is asked anew, with twice the patience. */
const PATIENCE_MS = { first: 500, longest: 8_000 };

/**
 * Tells that something happened in a set of directories, but not what. Directories, because a watch on a file goes deaf when
 * the file is replaced; chokidar's raw events, because it drops a second `change` of a file within 50 ms; and a new watcher
 * whenever the set changes, because chokidar goes deaf when a directory is removed and made again (spec stack, 3).
 */
export class DirectoryWatch {
  readonly #options: DirectoryWatchOptions;
  #watcher: FSWatcher | null = null;
  #watched = '';
  #directories: WatchedDirectories = new Map();
  #patienceMs = PATIENCE_MS.first;
  #pending: AbortController | null = null;
  #fault: StageError | null = null;
  #failures = 0;
  #closed = false;

  constructor(options: DirectoryWatchOptions) {
    this.#options = options;
  }

  /** Why events may be missing; null while none should be. A StageError `datastore`, `watch-failed`, retryable. */
  get fault(): StageError | null {
    return this.#fault;
  }

  /**
   * Watches exactly `directories` from when it resolves. True when the set is not the one of the last call, also when one is
   * no longer the same directory: then the caller has to look once more, for there were moments without a watch. `anew`
   * forgets the last call: the way to get rid of a `fault`.
   */
  async follow(directories: WatchedDirectories, { anew = false } = {}): Promise<boolean> {
    this.#directories = directories;
    const identities = await Promise.all([...directories.keys()].map(identityOf));
    const present = identities.filter((one) => one !== null);
    const set = JSON.stringify(present);
    if ((set === this.#watched && !anew) || this.#closed) return false;
    this.#watched = set;
    const failures = this.#failures;
    // Close first: chokidar would share the handle of the directory that is gone with the one now at its path.
    await this.#watcher?.close();
    const { watch } = await import('chokidar');
    if (this.#closed) return false;
    const paths = new Set(present.map(({ path }) => path));
    this.#watcher = watch([...paths], {
      ignored: (path) => !paths.has(path),
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      depth: 0,
    });
    this.#watcher.on('raw', (_, name, details) => this.#onRaw(name, details));
    this.#watcher.on('all', this.#options.onEvent);
    this.#watcher.on('error', (error) => this.#fail(error));
    const isReady = await this.#isReady(this.#watcher);
    if (!isReady && failures === this.#failures) this.#watched = '';
    if (isReady && failures === this.#failures) this.#fault = null;
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#pending?.abort();
    await this.#watcher?.close();
  }

  #onRaw(name: unknown, details: unknown): void {
    const directory =
      typeof details === 'object' && details !== null && 'watchedPath' in details ? details.watchedPath : '';
    const names = this.#directories.get(String(directory));
    // An event without a name may be any; one with the directory's own name is its removal.
    if (!names || typeof name !== 'string' || names.has(name) || String(directory).endsWith(`/${name}`)) {
      this.#options.onEvent();
    }
  }

  async #isReady(watcher: FSWatcher): Promise<boolean> {
    const pending = new AbortController();
    this.#pending = pending;
    watcher.once('ready', () => pending.abort());
    await this.#options.clock.sleep(this.#patienceMs, pending.signal);
    const { first, longest } = PATIENCE_MS;
    if (!pending.signal.aborted && this.#patienceMs === longest) this.#fail(`no watch within ${longest} ms`);
    this.#patienceMs = pending.signal.aborted ? first : Math.min(2 * this.#patienceMs, longest);
    return pending.signal.aborted;
  }

  #fail(error: unknown): void {
    this.#failures++;
    const message = `changes of files are found late: ${messageOf(error)}`;
    this.#fault = new StageError('datastore', 'watch-failed', message, { retryable: true, cause: error });
    this.#options.onEvent();
  }
}

/** Path, inode and birth: a directory made anew may get the number of the one before. Null when it is gone. */
async function identityOf(path: string): Promise<{ path: string; identity: string } | null> {
  try {
    const { dev, ino, birthtimeNs } = await stat(path, { bigint: true });
    return { path, identity: `${dev}:${ino}:${birthtimeNs}` };
  } catch {
    return null;
  }
}
