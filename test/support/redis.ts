import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis, type RedisConnection } from '../../src/datastore/redis-connection.ts';
import { redisNode } from '../../src/datastore/redis-node.ts';
import { eventually } from './eventually.ts';

/** A real redis on a unix socket of its own, which tells of its changes or not. */
export async function startRedis({ events }: { readonly events: string }) {
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-redis-'));
  const path = join(dir, 'redis.sock');
  const child = spawn(
    'redis-server',
    ['--port', '0', '--unixsocket', path, '--save', '', '--dir', dir, '--notify-keyspace-events', events],
    { stdio: 'ignore' },
  );
  const closing = new AbortController();
  const stop = async () => {
    closing.abort();
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const open = () => connectRedis(redisNode(path, null), 5_000, closing.signal);
    const client: RedisConnection = await eventually(open, { timeoutMs: 30_000 });
    return { path, client, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
