// A real etcd on loopback with a data directory of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts etcd and loads `values` (key → value). Resolves with its endpoint, a client, and how to kill it, and to stop and remove it. */
export async function startEtcd(values) {
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-bench-etcd-'));
  const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const child = spawn(
    'etcd',
    ['--data-dir', dir, '--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer]
      .concat(['--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`, '--logger', 'zap'])
      .concat(['--log-level', 'error']),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const etcd = new Etcd3({ hosts: client });
  const kill9 = async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  };
  const stop = async () => {
    etcd.close();
    await kill9();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await untilReady(client, child);
    await load(etcd, Object.entries(values));
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint: client, etcd, kill9, stop };
}

async function untilReady(endpoint, child) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await fetch(`${endpoint}/health`).catch(() => null);
    if (answer?.ok) return;
    if (child.exitCode !== null) throw new Error(`etcd ended with exit code ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error('etcd was not ready within 30 s');
    await wait(50);
  }
}

/** etcd takes 128 operations in a transaction, and one transaction costs one sync to disk. */
async function load(etcd, entries) {
  for (let at = 0; at < entries.length; at += 128) {
    const batch = entries.slice(at, at + 128).map(([key, value]) => etcd.put(key).value(value));
    await etcd
      .if('/never', 'Create', '==', 0)
      .then(...batch)
      .commit();
  }
}
