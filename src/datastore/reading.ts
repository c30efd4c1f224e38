import type { Diagnostic } from '../core/diagnostic.ts';
import type { Entry } from './datastore.ts';

/** What the text of one file says. */
export interface ReadText {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly diagnostics: readonly Diagnostic[];
  /** True when not all of the text makes sense, so that `entries` may lack what it says. */
  readonly damaged: boolean;
}

/** What files are for: which of them count, and what their texts say. Everything else about files is the same for all. */
export interface Reading {
  /** True: a given path may be absent, which is no fault and means no entries; it is noticed when it appears. */
  readonly optional: boolean;
  /** A given path is a directory, and the files stand exactly so far below it (1: in it). Null: at any depth, and it may be a file. */
  readonly depth: number | null;
  /** True if a file that was found in a directory counts. A leading dot never does. */
  readonly countsName: (name: string) => boolean;
  /** Equal for equal texts alone. It gets into revisions, which logs and ledgers show. */
  readonly digest: (text: string) => string;
  /** Never throws; no diagnostic holds a word of the text. */
  readonly read: (text: string, path: string) => ReadText | Promise<ReadText>;
}
