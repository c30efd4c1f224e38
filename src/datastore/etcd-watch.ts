import type { Etcd3, IWatchResponse } from 'etcd3';
import type { Entry } from './datastore.ts';
import { toStageError } from './etcd-errors.ts';
import type { KeyRange } from './etcd-list.ts';

/** One response of a watch: everything that happened in its range up to and with `revision`, and nothing later. */
export interface Changes {
  readonly revision: bigint;
  /** Of the store that sent it. */
  readonly header: IWatchResponse['header'];
  /** In the order of their revisions; null: deleted. Empty: only the revision moved. */
  readonly list: readonly (readonly [key: string, entry: Entry | null])[];
}

/**
 * The header's revision is the store's, which is ahead of the events while the watch catches up; only a response without
 * events (a progress notice, which etcd sends to watches that have caught up) says that everything up to it was delivered.
 */
function changesOf(response: IWatchResponse): Changes {
  return {
    revision: BigInt(response.events.at(-1)?.kv.mod_revision ?? response.header.revision),
    header: response.header,
    list: response.events.map(({ type, kv }) => {
      const entry = { value: kv.value.toString(), version: kv.mod_revision, origin: 'etcd' };
      return [kv.key.toString(), type.toLowerCase() === 'delete' ? null : entry];
    }),
  };
}

/** Watches that etcd has confirmed. */
export interface Watch {
  /** Never resolves; rejects with the StageError of what ended one of them. */
  readonly ended: Promise<never>;
}

/**
 * Watches `ranges`, each by a watch of its own, from the revision `from` on; resolves once etcd confirmed them. Every response of a
 * watch is handed over once, whole, in order; between watches there is none while one catches up. Aborting `connection`, which the client lives on, ends the watch; a watch that ends by itself aborts it with its error.
 *
 * The first disconnection ends it: etcd3's own resume would go on behind the store's revision and so lose what was not
 * delivered yet, and it keeps an expired token and a channel that backs off by itself. Its `create()` swallows the
 * cancellation of a compacted watch, hence `watcher()` (spec stack, 1). The caller resumes, with a new client.
 */
export async function openWatch(
  client: Etcd3,
  endpoint: string,
  ranges: readonly KeyRange[],
  from: bigint,
  onChanges: (changes: Changes) => void,
  connection: AbortController,
): Promise<Watch> {
  const watches = ranges.map((range) => openOne(client, endpoint, range, from, onChanges, connection));
  const ended = Promise.race(watches.map((each) => each.ended));
  await Promise.race([Promise.all(watches.map((each) => each.connected)), ended]);
  return { ended };
}

function openOne(
  client: Etcd3,
  endpoint: string,
  range: KeyRange,
  from: bigint,
  onChanges: (changes: Changes) => void,
  connection: AbortController,
): { readonly connected: Promise<void>; readonly ended: Promise<never> } {
  const watcher = client.watch().inRange(range).startRevision(from.toString()).watcher();
  const detach = () => void watcher.cancel().catch(() => undefined);
  connection.signal.addEventListener('abort', detach, { once: true });
  const connected = new Promise<void>((resolve) => watcher.on('connected', () => resolve()));
  const ended = new Promise<never>((_, reject) => {
    const fail = (thrown: unknown) => {
      const error = toStageError(thrown, endpoint);
      reject(error);
      // At once: etcd3 throws, out of any handler, on a late response for a watch that it has given up.
      connection.abort(error);
    };
    watcher.on('error', (cause) => {
      // The role has to cover the range, so a refusal names it.
      fail(new Error(`${cause.message} (the watch from ${range.start} to ${range.end})`, { cause }));
    });
    watcher.on('disconnected', fail);
    watcher.on('data', (response) => {
      if (connection.signal.aborted) return;
      try {
        onChanges(changesOf(response));
      } catch (thrown) {
        fail(thrown); // etcd3 would skip the rest of the response, then throw it at the process
      }
    });
  });
  return { connected, ended };
}
