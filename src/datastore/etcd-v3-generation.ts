import type { Etcd3, IRangeRequest, IRangeResponse } from 'etcd3';
import { StageError } from '../core/errors.ts';
import { sharedPrefix } from '../core/keys.ts';
import { connectEtcd, type EtcdOptions } from './etcd-client.ts';
import { type EtcdCopy, verifySameStore } from './etcd-copy.ts';
import type { GenerationPlace } from './etcd-generations.ts';
import { listAtOneRevision, rangeOf, rangeOver } from './etcd-list.ts';
import { openWatch } from './etcd-watch.ts';

/** What one generation works with. */
export interface Generation extends GenerationPlace {
  readonly options: EtcdOptions;
  readonly copy: EtcdCopy;
}

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
  const listing = await listAtOneRevision(client, generation.copy.prefixes);
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

/**
 * Rejects with `missed-by-watch` when a read knows of a change that the watch, although it had the grace time, neither
 * brought nor is catching up to. A put shows by its revision (`count_only` would ignore `min_mod_revision`), a deletion
 * only by the number of keys.
 */
async function findMissed(generation: Generation, client: Etcd3, prefix: string): Promise<void> {
  const { clock, connection, copy, timings } = generation;
  const next = () => (copy.position?.revision ?? 0n) + 1n;
  const { start, end } = rangeOf(prefix);
  let before = next();
  const request = { key: start, range_end: end, min_mod_revision: before.toString(), keys_only: true, limit: 1 };
  const answer = await ask(generation, client, request);
  const put = answer.kvs[0];
  const sameCount = () => Number(answer.count) === copy.countUnder(prefix);
  // The count is of one moment: once the watch has moved on, it proves nothing.
  const brought = () => (put ? BigInt(put.mod_revision) < next() : sameCount() || next() !== before);
  while (!brought()) {
    await clock.sleep(timings.graceMs, connection.signal);
    connection.signal.throwIfAborted();
    if (next() === before && !brought()) {
      const what = put ? `a change of ${put.key.toString()}` : `a deletion under ${prefix}`;
      const message = `etcd ${generation.endpoint}: the watch held back ${what}`;
      throw new StageError('datastore', 'missed-by-watch', message, { retryable: true });
    }
    if (put) before = next();
  }
}

async function resync(generation: Generation, client: Etcd3): Promise<never> {
  const { clock, connection, copy, timings } = generation;
  for (;;) {
    await clock.sleep(timings.resyncIntervalMs, connection.signal);
    connection.signal.throwIfAborted();
    for (const prefix of copy.prefixes) await findMissed(generation, client, prefix);
  }
}

/**
 * One client from connecting to its end: lists if the copy has no position, watches from the next revision, and looks
 * whether the watch still hears everything. Never resolves; rejects with whatever ended it.
 */
export async function follow(generation: Generation): Promise<never> {
  const { options, endpoint, timings, copy, connection } = generation;
  const client = await connectEtcd(options, endpoint, timings.callMs, connection.signal);
  if (copy.position) await probe(generation, client);
  else await list(generation, client);
  const from = (copy.position?.revision ?? 0n) + 1n;
  const onChanges = (changes: Parameters<EtcdCopy['takeChanges']>[0]) => {
    generation.onContact();
    if (copy.takeChanges(changes)) generation.onChanged();
  };
  const opening = openWatch(client, endpoint, rangeOver(copy.prefixes.map(sharedPrefix)), from, onChanges, connection);
  const watch = await Promise.race([opening, expire(generation)]);
  generation.onInSync();
  return Promise.race([watch.ended, watchSilence(generation, client), resync(generation, client)]);
}
