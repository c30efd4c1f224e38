import type { Etcd3, IRangeRequest, IRangeResponse } from 'etcd3';
import { StageError } from '../core/errors.ts';
import { sharedPrefix } from '../core/keys.ts';
import { auditCopy } from './etcd-audit.ts';
import { connectEtcd, type EtcdOptions } from './etcd-client.ts';
import type { EtcdCopy } from './etcd-copy.ts';
import { listAtOneRevision, rangeOf, rangeOver } from './etcd-list.ts';
import { verifySameStore } from './etcd-position.ts';
import { openWatch, type Watch } from './etcd-watch.ts';
import type { GenerationPlace } from './generations.ts';

/** What one generation works with. */
export interface Generation extends GenerationPlace {
  readonly options: EtcdOptions;
  readonly copy: EtcdCopy;
  /** False: nobody waits for what comes after the list. */
  readonly watch: boolean;
  /** Kept for the next ones: whether each prefix is watched by itself, since this user may not watch what lies between them. */
  readonly scope: { isNarrow: boolean };
}

/** A server whose pings are answered, as gRPC's keepalive sees to, may be slow with a page. */
const PAGE_PATIENCE = 6;

/** Asks linearizably: only a member that is in touch with the majority answers, and never with an old state. */
async function ask(generation: Generation, client: Etcd3, request: IRangeRequest): Promise<IRangeResponse> {
  const { position } = generation.copy; // before the call: the watch may move it while the answer is under way
  const answer = await client.kv.range(request);
  generation.onContact();
  if (position) verifySameStore(position, answer.header);
  return answer;
}

/** The smallest question that these permissions allow. */
const probe = (generation: Generation, client: Etcd3) =>
  ask(generation, client, { key: Buffer.from(generation.copy.prefixes[0]!), keys_only: true });

async function list(generation: Generation, client: Etcd3): Promise<void> {
  const pageMs = generation.timings.callMs * PAGE_PATIENCE;
  const listing = await listAtOneRevision(client, generation.copy.prefixes, { keysOnly: false, pageMs });
  generation.onContact();
  if (generation.copy.takeListing(listing)) generation.onChanged();
}

/** etcd3 knows no deadline for a watch; without one a watch that etcd does not confirm would be waited for forever. */
async function expire({ clock, timings, connection, endpoint }: Generation): Promise<never> {
  await clock.sleep(timings.callMs, connection.signal);
  connection.signal.throwIfAborted();
  throw new StageError('datastore', 'timeout', `etcd ${endpoint}: the watch was not confirmed`, { retryable: true });
}

/** Rejects when etcd is silent and does not answer a probe either. */
async function watchSilence(generation: Generation, client: Etcd3): Promise<never> {
  const { clock, connection, timings, contactAt } = generation;
  for (;;) {
    const silent = clock.now() - contactAt();
    // A wall clock that was set back must not put the probe off.
    if (silent < 0 || silent >= timings.silenceMs) await probe(generation, client);
    else await clock.sleep(timings.silenceMs - silent, connection.signal);
    connection.signal.throwIfAborted();
  }
}

/** Whatever is read meanwhile comes over the same connection, so that on a bad one the watch would never get on. */
async function caughtUp({ clock, connection, copy, timings }: Generation): Promise<void> {
  for (let at: bigint | undefined; at !== copy.position?.revision; ) {
    at = copy.position?.revision;
    await clock.sleep(timings.settleMs, connection.signal);
    connection.signal.throwIfAborted();
  }
}

/** Reads everything again, as often as the settings say; only the keys, since after a reconnect the values were read, too. */
async function resync(generation: Generation, client: Etcd3): Promise<never> {
  const { clock, connection, timings } = generation;
  for (;;) {
    await clock.sleep(timings.resyncIntervalMs, connection.signal);
    connection.signal.throwIfAborted();
    await audit(generation, client, true);
  }
}

const audit = (generation: Generation, client: Etcd3, keysOnly: boolean): Promise<void> => {
  const pageMs = generation.timings.callMs * PAGE_PATIENCE;
  return auditCopy({ place: generation, copy: generation.copy, client, keysOnly, pageMs });
};

/** Resolves once etcd confirmed the watch. One that the user's role refuses as a whole is asked for in parts by the next generation. */
async function watch(generation: Generation, client: Etcd3): Promise<Watch> {
  const { endpoint, copy, connection, scope } = generation;
  const { position, prefixes } = copy;
  if (!position) throw new Error('bug: nothing to watch from');
  const onChanges = (changes: Parameters<EtcdCopy['takeChanges']>[0]) => {
    generation.onContact();
    verifySameStore({ revision: 0n, clusterId: position.clusterId }, changes.header);
    if (copy.takeChanges(changes)) generation.onChanged();
  };
  const ranges = scope.isNarrow ? prefixes.map(rangeOf) : [rangeOver(prefixes.map(sharedPrefix))];
  const opening = openWatch(client, endpoint, ranges, position.revision + 1n, onChanges, connection);
  try {
    return await Promise.race([opening, expire(generation)]);
  } catch (thrown) {
    if (!(thrown instanceof StageError && thrown.code === 'permission-denied') || scope.isNarrow) throw thrown;
    scope.isNarrow = true;
    const message = `${thrown.message}: each prefix is watched by itself from now on`;
    throw new StageError('datastore', 'range-refused', message, { retryable: true, cause: thrown });
  }
}

/**
 * One client from connecting to its end: lists if the copy has no position, watches from the next revision, and looks whether the
 * watch hears everything: at once if the copy was there before, then now and then. For who reads once the list is all. Never resolves;
 * rejects with whatever ended it.
 */
export async function follow(generation: Generation): Promise<never> {
  const { options, endpoint, timings, copy, connection, scope } = generation;
  const client = await connectEtcd(options, endpoint, timings.callMs, connection.signal);
  const resumes = copy.isComplete;
  // A member that does not answer is found out long before a page would be overdue.
  await Promise.all([probe(generation, client), resumes || list(generation, client)]);
  if (!generation.watch) {
    generation.onInSync();
    return new Promise(() => undefined);
  }
  try {
    const { ended } = await watch(generation, client);
    const lost = Promise.race([ended, watchSilence(generation, client)]);
    generation.onHearing();
    if (resumes) await Promise.race([lost, caughtUp(generation).then(() => audit(generation, client, false))]);
    generation.onInSync();
    return await Promise.race([lost, resync(generation, client)]);
  } finally {
    // Between several watches there is no order, so that no revision is known behind which all could go on.
    if (scope.isNarrow) copy.forgetPosition();
  }
}
