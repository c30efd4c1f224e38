import { messageOf, StageError } from '../core/errors.ts';
import type { RedisNode } from './redis-node.ts';

/** The part of the client that is used here: commands as they are written, and their answers. */
export interface RedisConnection {
  command(...words: readonly string[]): Promise<unknown>;
  subscribe(patterns: readonly string[], onMessage: () => void): Promise<void>;
  /** Rejects with whatever ends the connection; never resolves. */
  readonly ended: Promise<never>;
}

/** What redis says when it lets nobody in: no retry helps. */
const REFUSED = /WRONGPASS|NOAUTH|NOPERM|invalid password|without any password configured/;

export function redisFault(node: RedisNode, thrown: unknown): StageError {
  if (thrown instanceof StageError) return thrown;
  const message = `redis ${node.shown}: ${messageOf(thrown)}`;
  const isRefused = REFUSED.test(message);
  const code = isRefused ? 'auth-failed' : 'unreachable';
  return new StageError('datastore', code, message, { retryable: !isRefused, cause: thrown });
}

/** A connection that lives until `signal` aborts. Every command has `callMs`; what fails rejects with a StageError `datastore`. */
export async function connectRedis(node: RedisNode, callMs: number, signal: AbortSignal): Promise<RedisConnection> {
  const { createClient } = await import('@redis/client');
  const client = createClient({
    RESP: 2, // servers before 6 know no other
    ...(node.url === null ? {} : { url: node.url }),
    ...(node.password === null ? {} : { password: node.password }),
    database: node.database,
    disableOfflineQueue: true,
    socket: {
      // Who connects again is the caller: the copy has to be read anew then.
      reconnectStrategy: false,
      connectTimeout: callMs,
      ...(node.socketPath === null ? {} : { path: node.socketPath }),
    },
  });
  const ended = new Promise<never>((_, reject) => {
    client.on('error', (error) => reject(redisFault(node, error)));
    client.on('end', () => reject(redisFault(node, new Error('the connection ended'))));
    signal.addEventListener('abort', () => reject(redisFault(node, new Error('closed'))), { once: true });
  });
  ended.catch(() => undefined); // it may end while nobody waits for it
  const close = () => {
    if (client.isOpen) client.destroy();
  };
  signal.addEventListener('abort', close, { once: true });
  const inTime = async <T>(work: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(redisFault(node, new Error(`no answer within ${callMs} ms`))), callMs);
    });
    try {
      return await Promise.race([work, late, ended]);
    } catch (error) {
      throw redisFault(node, error);
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    await inTime(client.connect());
  } catch (error) {
    close();
    throw error;
  }
  if (signal.aborted) close();
  return {
    command: (...words) => inTime(client.sendCommand([...words])),
    subscribe: (patterns, onMessage) => inTime(client.pSubscribe([...patterns], onMessage)),
    ended,
  };
}
