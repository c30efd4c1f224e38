import type { Diagnostic } from '../core/diagnostic.ts';
import type { StageError } from '../core/errors.ts';

/** One value as it stands in a datastore. The same version of a key is the same object: decoding is remembered by it. */
export interface Entry {
  readonly value: string;
  /** Opaque; changes whenever the value does (etcd: the key's mod_revision). */
  readonly version: string;
  /** For people: "etcd", or file:line. */
  readonly origin: string;
}

/** Every key under the asked prefixes as one consistent cut. Immutable: a reader may keep it across awaits. */
export interface Snapshot {
  /** Local and monotonic: two snapshots of one datastore with the same number are the same. */
  readonly generation: number;
  /** Opaque, for people and the ledger (etcd: the store's revision). */
  readonly revision: string;
  /** Local: another number when the source was read as a whole since, so that what is missing may only be missing from that reading. */
  readonly listing: number;
  /**
   * The entries under one of the prefixes that were asked for, in no order. While nothing under the prefix changes,
   * every snapshot gives the same Map object. A prefix that was not asked for is a bug and throws.
   */
  readonly entries: (prefix: string) => ReadonlyMap<string, Entry>;
  /** Faults of the source itself, of files that cannot be read; those of values are found by who decodes them. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What `health` tells: `staleSince` is a time in ms, null while in sync. */
export interface DatastoreHealth {
  readonly inSync: boolean;
  readonly staleSince: number | null;
  readonly lastError: StageError | null;
}

/** A datastore keeps its own copy in step (list once, then watch from there) and says only "newer exists". */
export interface Datastore {
  /**
   * Resolves once the first full copy is there; rejects with a StageError that is not retryable (wrong password, unreadable
   * input), or with the last retryable one when `signal` aborts first. After it resolved, `onNewer` is called (without
   * payload, any number of times) after every change of the copy, until `signal` aborts.
   */
  start(prefixes: readonly string[], onNewer: () => void, signal: AbortSignal): Promise<void>;
  /** No I/O. Throws when called before `start` resolved. */
  snapshot(): Snapshot;
  health(): DatastoreHealth;
  /** Reads the source as a whole again as soon as it can: the copy is doubted. */
  reread(): void;
  /** Ends connections and watches; safe to call twice. Resolves when nothing of it keeps the process alive. */
  close(): Promise<void>;
}
