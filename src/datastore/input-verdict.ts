import { type Diagnostic, sortDiagnostics } from '../core/diagnostic.ts';
import { digestOfAll } from '../core/digest.ts';
import { StageError } from '../core/errors.ts';
import { byBytesOf } from '../core/order.ts';
import type { Entry } from './datastore.ts';
import { duplicateResource, unreadableDocument } from './documents.ts';
import type { InputListing } from './input-listing.ts';
import type { KnownFile } from './known-file.ts';

/** What all files say together, and what is wrong with them. */
export interface InputVerdict {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly diagnostics: readonly Diagnostic[];
  /** Another one for any other text under any name. */
  readonly revision: string;
  /** Something cannot be reached, so what is said may be out of date. */
  readonly isStale: boolean;
  /** A StageError `datastore`, retryable: `input-missing`, `input-unreadable`; null when all can be read. */
  readonly fault: StageError | null;
}

/** Of two files that define one key, the one whose name sorts first by bytes wins. */
export function inputVerdict(
  { missing, closed }: Pick<InputListing, 'missing' | 'closed'>,
  files: ReadonlyMap<string, KnownFile>,
): InputVerdict {
  const sorted = [...files].sort(byBytesOf(([name]) => name));
  const entries = new Map<string, Entry>();
  const diagnostics = [
    ...missing.map((path) => unreadableDocument(path, 'is there no more; what it said last stays in effect')),
    ...closed.map(({ path, message }) => unreadableDocument(path, message)),
  ];
  for (const [, file] of sorted) {
    diagnostics.push(...file.diagnostics);
    for (const [key, entry] of file.entries) {
      const first = entries.get(key);
      if (first) diagnostics.push(duplicateResource(key, first.origin, entry.origin));
      else entries.set(key, entry);
    }
  }
  const named = (state: KnownFile['state']) => sorted.filter(([, file]) => file.state === state).map(([name]) => name);
  const unreached = [...missing, ...closed.map(({ path }) => path), ...named('closed')];
  const faulty = [...unreached, ...named('damaged')];
  const message = `${faulty.join(', ')}: what was read last stays in effect`;
  const code = missing.length > 0 ? 'input-missing' : 'input-unreadable';
  return {
    entries,
    diagnostics: sortDiagnostics(diagnostics),
    revision: digestOfAll(sorted.flatMap(([name, { digest }]) => [name, digest])).slice(0, 16),
    isStale: unreached.length > 0,
    fault: faulty.length > 0 ? new StageError('datastore', code, message, { retryable: true }) : null,
  };
}
