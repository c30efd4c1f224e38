import { stat } from 'node:fs/promises';
import type { FSWatcher } from 'chokidar';
import type { Clock } from '../core/clock.ts';

/** Directories by real path: the names in each whose events matter, null for all. */
export type WatchedDirectories = ReadonlyMap<string, ReadonlySet<string> | null>;

export interface DirectoryWatchOptions {
  /** Something happened; what, is for the caller to find out. */
  readonly onEvent: () => void;
  /** Events may be missing from now on. */
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
}

const READY_WITHIN_MS = 5_000;

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
  #pending: AbortController | null = null;
  #closed = false;

  constructor(options: DirectoryWatchOptions) {
    this.#options = options;
  }

  /**
   * Watches exactly `directories` from when it resolves. True when the set is not the one of the last call, also when one is
   * no longer the same directory: then the caller has to look once more, for there were moments without a watch.
   */
  async follow(directories: WatchedDirectories): Promise<boolean> {
    this.#directories = directories;
    const identities = await Promise.all([...directories.keys()].map(identityOf));
    const present = identities.filter((one) => one !== null);
    const set = JSON.stringify(present);
    if (set === this.#watched || this.#closed) return false;
    this.#watched = set;
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
    this.#watcher.on('error', this.#options.onError);
    await this.#ready(this.#watcher);
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

  async #ready(watcher: FSWatcher): Promise<void> {
    const pending = new AbortController();
    this.#pending = pending;
    watcher.once('ready', () => pending.abort());
    await this.#options.clock.sleep(READY_WITHIN_MS, pending.signal);
    if (!pending.signal.aborted) this.#options.onError(new Error(`no watch after ${READY_WITHIN_MS} ms`));
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
