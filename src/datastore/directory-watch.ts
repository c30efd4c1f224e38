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

/** Those that hold handles: of one path, chokidar has one handle for the whole process. */
const holders = new Set<DirectoryWatch>();

/**
 * Tells that something happened in a set of directories, but not what. Directories, because a watch on a file goes deaf when
 * the file is replaced; chokidar's raw events, because it drops a second `change` of a file within 50 ms; and a new watcher
 * whenever the set changes, because chokidar goes deaf when a directory is removed and made again (spec stack, 3). The root
 * has a watcher of its own, because chokidar takes the root for a member of itself that is gone, and then ends whatever it
 * watches below.
 */
export class DirectoryWatch {
  readonly #options: DirectoryWatchOptions;
  #watchers: readonly FSWatcher[] = [];
  /** Path → identity of the directory to which its handle leads. */
  #watched: ReadonlyMap<string, string> = new Map();
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
    const present = await identitiesOf([...directories.keys()]);
    if ((isSame(present, this.#watched) && !anew) || this.#closed) return false;
    this.#watched = present;
    const failures = this.#failures;
    // Close first, all over: chokidar would share the handle of a directory that is gone with the one now at its path.
    await this.#end();
    for (const other of holders) if (other.#holdsOtherThan(present)) await other.#letGo();
    const { watch } = await import('chokidar');
    if (this.#closed) return false;
    holders.add(this);
    const paths = [...present.keys()];
    const groups = [paths.filter((path) => path === '/'), paths.filter((path) => path !== '/')];
    this.#watchers = groups.filter((group) => group.length > 0).map((group) => this.#open(watch, new Set(group)));
    const isReady = await this.#areReady();
    if (!isReady && failures === this.#failures) this.#watched = new Map();
    if (isReady && failures === this.#failures) this.#fault = null;
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#pending?.abort();
    holders.delete(this);
    await this.#end();
  }

  #holdsOtherThan(present: ReadonlyMap<string, string>): boolean {
    return [...this.#watched].some(([path, identity]) => (present.get(path) ?? identity) !== identity);
  }

  async #letGo(): Promise<void> {
    this.#watched = new Map();
    await this.#end();
    this.#options.onEvent();
  }

  #open(watch: typeof import('chokidar').watch, paths: ReadonlySet<string>): FSWatcher {
    const watcher = watch([...paths], {
      ignored: (path) => !paths.has(path),
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      depth: 0,
    });
    watcher.on('raw', (_, name, details) => this.#onRaw(name, details));
    watcher.on('all', this.#options.onEvent);
    watcher.on('error', (error) => this.#fail(error));
    return watcher;
  }

  async #end(): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.close()));
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

  async #areReady(): Promise<boolean> {
    const pending = new AbortController();
    this.#pending = pending;
    let waiting = this.#watchers.length;
    for (const watcher of this.#watchers) {
      watcher.once('ready', () => {
        if (--waiting === 0) pending.abort();
      });
    }
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

/** Inode and birth of the directories that are there: one made anew may get the number of the one before. */
async function identitiesOf(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const identities = paths.map(async (path) => {
    const found = await stat(path, { bigint: true }).catch(() => null);
    return found ? ([path, `${found.dev}:${found.ino}:${found.birthtimeNs}`] as const) : null;
  });
  return new Map((await Promise.all(identities)).filter((one) => one !== null));
}

const isSame = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([path, identity]) => b.get(path) === identity);
