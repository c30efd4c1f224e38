import { messageOf, StageError } from '../core/errors.ts';

/**
 * What an error's text means, first match first. The text decides and not the gRPC code, because etcd3 drops the code
 * when it wraps an error and gives a cancelled watch none at all (spec stack, 1).
 */
const MEANINGS: readonly (readonly [pattern: RegExp, code: string, retryable: boolean])[] = [
  [/authentication is not enabled/, 'auth-not-enabled', false],
  [/authentication failed|user name is empty/, 'auth-failed', false],
  [/permission denied/, 'permission-denied', false],
  [/invalid auth token|revision of auth store is old/, 'auth-expired', true],
  [/revision has been compacted/, 'compacted', true],
  [/cannot read the file/, 'tls-config', true],
  [/larger than max/, 'answer-too-large', true],
  [/DEADLINE_EXCEEDED|request timed out/, 'timeout', true],
  [/UNAVAILABLE|CANCELLED|RST_STREAM|stream was unexpectedly ended|client was already closed/, 'unreachable', true],
  // etcd3 keeps back why etcd cancelled a watch; compaction is what leaves no reason (spec stack, 1 d).
  [/^Watcher canceled/, 'watch-cancelled', true],
];

/** A lost connection leaves the position valid, and so does being refused for a while; after anything else the copy is listed anew. */
const RESUMABLE: ReadonlySet<string> = new Set([
  ...['unreachable', 'timeout', 'tls-config'],
  ...['auth-failed', 'auth-expired', 'permission-denied'],
]);

/** What happens to the store, and so to every node at once. */
const SHARED: ReadonlySet<string> = new Set(['compacted', 'watch-cancelled', 'cluster-changed', 'revision-went-back']);

/** The StageError for whatever a call on `endpoint` failed with; one that already is a StageError stays itself. */
export function toStageError(thrown: unknown, endpoint: string): StageError {
  if (thrown instanceof StageError) return thrown;
  const text = messageOf(thrown).replace(/\s*Resolution note:\s*$/, '');
  const [, code, retryable] = MEANINGS.find(([pattern]) => pattern.test(text)) ?? [/./, 'etcd-error', true];
  return new StageError('datastore', code, `etcd ${endpoint}: ${text}`, { retryable, cause: thrown });
}

/** True if the whole fleet is likely to have met the same and now lists anew: thousands of lists at one moment are more than a store can serve. */
export const meetsAll = (error: StageError): boolean => SHARED.has(error.code);

/** True if the watch may go on after `error` from where it was. */
export const canResume = (error: StageError): boolean => RESUMABLE.has(error.code);
