import { StageError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';

/** One redis: how it is reached, and how it is called in messages, where its password has no place. */
export interface RedisNode {
  readonly shown: string;
  readonly url: string | null;
  readonly socketPath: string | null;
  readonly database: number;
  readonly password: string | null;
}

const odd = (why: string): StageError =>
  new StageError('datastore', 'invalid-node', `redis: ${why}`, { retryable: false });

/**
 * Reads a node as confd has it: `host:port`, `host:port/2` (the database), a socket's absolute path, or a URL `redis://…`, `rediss://…`.
 * `password` counts where the URL has none. Throws a StageError `datastore`/`invalid-node`.
 */
export function redisNode(text: string, password: Secret | null): RedisNode {
  const given = password?.reveal() ?? null;
  if (text.startsWith('/')) return { shown: text, url: null, socketPath: text, database: 0, password: given };
  let url: URL;
  try {
    url = new URL(/^[a-z]+:\/\//.test(text) ? text : `redis://${text}`);
  } catch {
    throw odd('expected a node such as 127.0.0.1:6379, 127.0.0.1:6379/1, /run/redis.sock or redis://…');
  }
  const secure = url.protocol === 'rediss:' || url.protocol === 'https:';
  const database = /^\/?$/.test(url.pathname) ? 0 : Number(url.pathname.slice(1));
  if (!Number.isSafeInteger(database) || database < 0) throw odd('a database is a number, as in 127.0.0.1:6379/1');
  const shown = `${url.host}/${database}`;
  const own = url.password === '' ? given : decodeURIComponent(url.password);
  const user = url.username === '' ? '' : `${url.username}@`;
  const host = url.port === '' ? `${url.hostname}:6379` : url.host;
  return { shown, url: `${secure ? 'rediss' : 'redis'}://${user}${host}`, socketPath: null, database, password: own };
}
