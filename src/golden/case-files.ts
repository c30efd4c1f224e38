import { UsageError } from '../core/errors.ts';
import { STATUS_FILES, secretFileKey } from '../core/keys.ts';
import { boolean, type Fault, INVALID, optional, record, text } from '../datamodel/field.ts';
import type { SourceDocument } from '../datastore/document-entries.ts';

/** What the `kind: File` documents of one text say; null = `$delete: true`. */
export interface CaseFiles {
  /** What lies at the destination before the first step: file name → text. */
  readonly live: ReadonlyMap<string, string | null>;
  /** Passwords and local workloads' status, by the keys under which a service has such files. */
  readonly values: ReadonlyMap<string, string | null>;
}

const anyText = text('a text', (value) => value);
const FILE = record({ path: anyText, content: optional(anyText, null), $delete: optional(boolean, false) }, ['kind']);

/** A name in a folder, which leads nowhere else. */
const isName = (name: string | undefined): name is string => name !== undefined && /^[\w-][\w.-]*$/.test(name);

/** The key of a file that a service reads beside the datastore; null for another path. */
function keyOf(path: string): string | null {
  const [root, ...names] = path.split('/');
  const [first, second] = names;
  if (!names.every(isName)) return null;
  if (root === 'secrets' && names.length === 2) return secretFileKey(first ?? '', second ?? '');
  return root === 'endpoint-status' && names.length === 1 ? `${STATUS_FILES}${first}` : null;
}

const liveNameOf = (path: string): string | null => {
  const [root, name, ...more] = path.split('/');
  return root === 'live' && isName(name) && more.length === 0 ? name : null;
};

/** Reads `kind: File` documents. Throws a UsageError, which begins with `dir` and the document's place, for a file that no service reads. */
export function caseFiles(documents: readonly SourceDocument[], dir: string): CaseFiles {
  const live = new Map<string, string | null>();
  const values = new Map<string, string | null>();
  for (const { value, origin } of documents) {
    const faults: Fault[] = [];
    const file = FILE.decode(value, faults);
    const refuse = (why: string): never => {
      throw new UsageError(`${dir}/${origin}: File ${why}`);
    };
    if (file === INVALID || faults.length > 0)
      return refuse(faults.map(({ path, message }) => `${path.join('/')}: ${message}`).join(', '));
    const { path, content, $delete } = file;
    if ((content === null) !== $delete) return refuse(`${path}: expected either content or $delete: true`);
    const [name, key] = [liveNameOf(path), keyOf(path)];
    if (name !== null) live.set(name, content);
    else if (key !== null) values.set(key, content);
    else refuse(`path: expected live/FILE, secrets/SECRET/KEY or endpoint-status/FILE, found "${path}"`);
  }
  return { live, values };
}
