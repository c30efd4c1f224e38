import { StageError } from '../core/errors.ts';
import type { EtcdOptions } from './etcd-client.ts';
import { EtcdV2Client, type V2Bell } from './etcd-v2-client.ts';
import { EtcdV2Copy } from './etcd-v2-copy.ts';
import { type GenerationPlace, Generations, type Surroundings } from './generations.ts';

/** Rejects when etcd is silent and does not answer a probe either. */
async function watchSilence(place: GenerationPlace, client: EtcdV2Client, directory: string): Promise<never> {
  const { clock, connection, timings, contactAt, onContact } = place;
  for (;;) {
    const silent = clock.now() - contactAt();
    // A wall clock that was set back must not put the probe off.
    if (silent < 0 || silent >= timings.silenceMs) {
      await client.probe(directory);
      onContact();
    } else await clock.sleep(timings.silenceMs - silent, connection.signal);
    connection.signal.throwIfAborted();
  }
}

/** Whether `bell` rang within `ms`; rejects when the wait ended otherwise, as it does with the connection. */
async function rings({ clock }: GenerationPlace, bell: V2Bell, ms: number): Promise<boolean> {
  const over = new AbortController();
  try {
    const ring = bell.rung.then(() => true);
    return await Promise.race([ring, clock.sleep(ms, over.signal).then(() => false)]);
  } finally {
    over.abort();
  }
}

/**
 * Keeps one directory in step, and says after each read that it was done. The wait is always taken up before the read: then whatever
 * the read misses rings, and etcd's short history is never asked for.
 */
async function followDirectory(
  place: GenerationPlace,
  client: EtcdV2Client,
  copy: EtcdV2Copy,
  directory: string,
  onRead: () => void,
): Promise<never> {
  const { connection, endpoint, timings } = place;
  const read = async () => {
    const answer = await client.read(directory);
    connection.signal.throwIfAborted();
    place.onContact();
    const changed = copy.take(directory, answer);
    if (changed) place.onChanged();
    return changed;
  };
  for (;;) {
    const bell = await client.wait(directory);
    try {
      await read();
      onRead();
      const rang = await rings(place, bell, timings.resyncIntervalMs);
      if (rang || !(await read()) || (await rings(place, bell, timings.graceMs))) continue;
    } finally {
      bell.cancel();
    }
    const message = `etcd ${endpoint}: the wait held back a change under ${directory}`;
    throw new StageError('datastore', 'missed-by-watch', message, { retryable: true });
  }
}

async function follow(place: GenerationPlace, options: EtcdOptions, copy: EtcdV2Copy): Promise<never> {
  const { endpoint, timings, connection } = place;
  const client = new EtcdV2Client(await options.credentials(), endpoint, timings.callMs, connection.signal);
  const unread = new Set(copy.directories);
  copy.beginListing();
  const loops = copy.directories.map((directory) =>
    followDirectory(place, client, copy, directory, () => {
      if (!unread.delete(directory) || unread.size > 0) return;
      place.onHearing();
      place.onInSync();
    }),
  );
  return Promise.race([...loops, watchSilence(place, client, copy.directories[0]!)]);
}

/**
 * A copy of keys in etcd's v2 API, which Calico used up to 2.6. Each directory is read as a whole and through the quorum, and a wait on
 * it is a doorbell: when it rings, the directory is read again. The events themselves are not applied: v2 gives them no order between
 * waits, deletes a directory with all that is in it in a single one, and forgets all but the last 1000 of the whole cluster, which a
 * late waiter learns as error 401. What is under one directory is so always a state that the store had; v2 has no reads over several.
 */
export class EtcdV2Datastore extends Generations {
  constructor(options: EtcdOptions, surroundings: Surroundings) {
    super(options.endpoints, surroundings, (prefixes) => {
      const copy = new EtcdV2Copy(prefixes);
      return { copy, follow: (place) => follow(place, options, copy) };
    });
  }
}
