import { digestOf } from '../core/digest.ts';
import type { Secret } from '../core/secret.ts';
import type { Entry, Snapshot } from './datastore.ts';
import { type GenerationPlace, Generations, type KeptCopy, type Surroundings } from './generations.ts';
import { KeySpace } from './key-space.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import { type RedisNode, redisNode } from './redis-node.ts';

export interface RedisOptions {
  readonly nodes: readonly string[];
  readonly password: Secret | null;
  /** What stands for the "/" of keys in redis, where they then begin without one. */
  readonly separator: string;
}

const BATCH = 500;
/** Where the server tells nothing of its changes, it is asked so often. */
const BLIND_MS = 2_000;
/** A reading during which something changed is done again, so that it is one cut; of a store that never rests, the last one is taken. */
const MAX_READINGS = 5;

/** The keys under the prefixes. Redis has no revision: it is counted how often anything was found changed. */
class RedisCopy implements KeptCopy {
  readonly #space: KeySpace;
  readonly prefixes: readonly string[];
  listings = 0;
  #changes = 0;

  constructor(prefixes: readonly string[]) {
    this.prefixes = prefixes;
    this.#space = new KeySpace(prefixes);
  }

  get isComplete(): boolean {
    return false;
  }

  snapshot = (): Snapshot => this.#space.snapshot();
  forgetPosition = (): void => undefined;

  take(entries: ReadonlyMap<string, Entry>): boolean {
    const changed = this.#space.replace(entries);
    if (changed) this.#space.at(String(++this.#changes));
    return changed;
  }
}

const escaped = (text: string): string => text.replace(/[*?[\]\\^]/g, '\\$&');

/** `/a/b` as redis has it: with the separator `:`, `a:b`. */
const nameIn = (separator: string, key: string): string =>
  separator === '/' ? (key === '/' ? '' : key) : key.replace(/^\//, '').replaceAll('/', separator);

const keyOf = (separator: string, name: string): string => {
  const key = name.replaceAll(separator, '/');
  return key.startsWith('/') ? key : `/${key}`;
};

async function namesUnder(redis: RedisConnection, pattern: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  let cursor = '0';
  do {
    const answer = await redis.command('SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000');
    const [next, found] = answer as [string, string[]];
    for (const name of found) names.add(name);
    cursor = String(next);
  } while (cursor !== '0');
  return names;
}

/** Texts, and the fields of hashes as keys below them; other kinds of values have no text. */
async function readNames(redis: RedisConnection, names: readonly string[], put: (name: string, value: string) => void) {
  for (let at = 0; at < names.length; at += BATCH) {
    const batch = names.slice(at, at + BATCH);
    const values = (await redis.command('MGET', ...batch)) as (string | null)[];
    for (const [i, name] of batch.entries()) {
      const value = values[i];
      if (typeof value === 'string') put(name, value);
      else if ((await redis.command('TYPE', name)) === 'hash') {
        const fields = (await redis.command('HGETALL', name)) as string[];
        for (let f = 0; f + 1 < fields.length; f += 2) put(`${name}/${fields[f]}`, fields[f + 1] ?? '');
      }
    }
  }
}

async function readAll(redis: RedisConnection, prefixes: readonly string[], separator: string) {
  const entries = new Map<string, Entry>();
  for (const prefix of prefixes) {
    // A hash lies above its fields, so what the last "/" leads to is looked for too.
    const name = nameIn(separator, prefix.replace(/(?<=.)\/$/, ''));
    const names = await namesUnder(redis, `${escaped(name)}*`);
    await readNames(redis, [...names], (found, value) => {
      const version = digestOf(value).slice(0, 16);
      entries.set(keyOf(separator, found), { value, version, origin: 'redis' });
    });
  }
  return entries;
}

/** Whether the server tells of every kind of change to a key; it may refuse to say so. */
async function tellsChanges(redis: RedisConnection): Promise<boolean> {
  const answer = await redis.command('CONFIG', 'GET', 'notify-keyspace-events').catch(() => []);
  const flags = String((answer as readonly unknown[])[1] ?? '');
  return flags.includes('K') && (flags.includes('A') || ['g', '$', 'h', 'x'].every((flag) => flags.includes(flag)));
}

async function follow(
  place: GenerationPlace,
  node: RedisNode,
  copy: RedisCopy,
  { separator }: RedisOptions,
  onBlind: () => void,
): Promise<never> {
  const { clock, connection, timings } = place;
  const { signal } = connection;
  const [redis, events] = await Promise.all(
    [0, 1].map(() => connectRedis(node, timings.callMs, signal)) as [
      Promise<RedisConnection>,
      Promise<RedisConnection>,
    ],
  );
  let rings = 0;
  let bell = new AbortController();
  const names = copy.prefixes.map((prefix) => escaped(nameIn(separator, prefix.replace(/(?<=.)\/$/, ''))));
  const channels = names.map((name) => `__keyspace@${node.database}__:${name}*`);
  await events.subscribe(channels, () => {
    rings++;
    bell.abort();
  });
  place.onHearing();
  const isBlind = !(await tellsChanges(redis));
  if (isBlind) onBlind();
  const read = async () => {
    for (let tries = 1; ; tries++) {
      const before = rings;
      const entries = await readAll(redis, copy.prefixes, separator);
      place.onContact();
      if (rings !== before && tries < MAX_READINGS) continue;
      return copy.take(entries);
    }
  };
  copy.listings++;
  await read();
  place.onInSync();
  const listen = async (): Promise<never> => {
    let readAt = clock.now();
    for (let seen = rings; ; ) {
      const due = readAt + (isBlind ? BLIND_MS : timings.resyncIntervalMs);
      bell = new AbortController();
      const waitMs = Math.min(due - clock.now(), timings.silenceMs);
      if (rings === seen && waitMs > 0) await clock.sleep(waitMs, AbortSignal.any([bell.signal, signal]));
      signal.throwIfAborted();
      if (rings === seen && clock.now() < due) {
        await Promise.all([redis.command('PING'), events.command('PING')]);
        place.onContact();
        continue;
      }
      seen = rings;
      readAt = clock.now();
      if (await read()) place.onChanged();
    }
  };
  return Promise.race([listen(), redis.ended, events.ended]);
}

/**
 * A copy of keys in redis: texts, and hashes as folders of their fields. Its keyspace events are a doorbell; when it rings everything
 * under the prefixes is read again. A server that sends none is read every two seconds.
 */
export class RedisDatastore extends Generations {
  constructor(options: RedisOptions, surroundings: Surroundings) {
    const nodes = new Map(
      options.nodes.map((text) => redisNode(text, options.password)).map((one) => [one.shown, one]),
    );
    const onBlind = () =>
      surroundings.log('redis-without-events', {
        message: `redis tells nothing of its changes and is read every ${BLIND_MS / 1000} s: set notify-keyspace-events to KA`,
      });
    super([...nodes.keys()], surroundings, (prefixes) => {
      const copy = new RedisCopy(prefixes);
      return { copy, follow: (place) => follow(place, nodes.get(place.endpoint)!, copy, options, onBlind) };
    });
  }
}
