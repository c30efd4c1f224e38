import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { messageOf } from '../core/errors.ts';
import type { Entry } from './datastore.ts';
import { unreadableDocument } from './documents.ts';
import { isAbsent } from './input-listing.ts';
import type { Reading } from './reading.ts';

/** What a file said when it was last read. While it says the same, `entries` and `diagnostics` are the same objects. */
export interface KnownFile {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly diagnostics: readonly Diagnostic[];
  /** The reading's digest of its text; empty when it could not be read. */
  readonly digest: string;
  /** Tells without reading that the file is the same; null when only reading tells. */
  readonly stamp: string | null;
  /** `damaged`: not all that it holds makes sense, `closed`: it cannot be reached. Then entries of before are still in `entries`. */
  readonly state: 'whole' | 'damaged' | 'closed';
}

const MAX_BYTES = 64 * 1024 * 1024;
/** A file changed so shortly before it was read may change again without another time stamp: kernels before 6.13 count in ticks. */
const FRESH_MS = 2_000;

/**
 * Reads the file at `path`, unless `before` (what was known of it) is still true. Null when it is gone. Never rejects: what
 * cannot be read is a Diagnostic, and what the file said before stays, overlaid with what of it can be read.
 * A file caught half written may well parse and lack what is still to come: no reader can tell. The write that completes it
 * is one more event, and the loop waits for quiet before it acts on what removes anything.
 */
export async function readKnownFile(
  path: string,
  before: KnownFile | undefined,
  reading: Reading,
  clock: Clock,
): Promise<KnownFile | null> {
  try {
    const stats = await stat(path, { bigint: true });
    const stamp = [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
    const isPipe = !stats.isFile(); // says what it has to say once
    if (before && (before.stamp === stamp || isPipe)) return before;
    if (stats.size > MAX_BYTES) return unread(path, before, 'damaged', `larger than ${MAX_BYTES} bytes`);
    const isFresh = clock.now() - Number(stats.ctimeMs) < FRESH_MS;
    return await understood(path, await readFile(path), isFresh ? null : stamp, before, reading);
  } catch (error) {
    return isAbsent(error) ? null : unread(path, before, 'closed', messageOf(error));
  }
}

async function understood(
  path: string,
  bytes: Uint8Array,
  stamp: string | null,
  before: KnownFile | undefined,
  reading: Reading,
): Promise<KnownFile> {
  const text = utf8(bytes);
  if (text === null) return unread(path, before, 'damaged', 'not UTF-8');
  const digest = reading.digest(text);
  if (before?.digest === digest) return before.stamp === stamp ? before : { ...before, stamp };
  const { entries, damaged, diagnostics } = await reading.read(text, path);
  return {
    entries: damaged && before ? new Map([...before.entries, ...entries]) : entries,
    diagnostics,
    digest,
    stamp,
    state: damaged ? 'damaged' : 'whole',
  };
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function unread(path: string, before: KnownFile | undefined, state: KnownFile['state'], reason: string): KnownFile {
  if (before?.state === state && before.diagnostics[0]?.message === reason) return before;
  const diagnostics = [unreadableDocument(path, reason)];
  return { entries: before?.entries ?? new Map(), diagnostics, digest: '', stamp: null, state };
}
