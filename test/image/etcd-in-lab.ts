import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LabNode } from '../../scripts/lab/lab.mjs';
import { eventually } from '../support/eventually.ts';

/** A real etcd on a machine of the lab. */
export interface LabEtcd {
  readonly endpoint: string;
  start(): Promise<void>;
  /** Ends it; its data stay. */
  stop(): Promise<void>;
  put(entries: Iterable<readonly [string, string]>): Promise<void>;
}

/** An etcd with one member on `node`, with its data under `dir`; started, and stopped by `stop`. */
export async function startLabEtcd(node: LabNode, dir: string): Promise<LabEtcd> {
  const [address = ''] = node.address.split('/');
  const [endpoint, peer] = [`http://${address}:2379`, `http://${address}:2380`];
  const inside = ['-t', String(node.pid), '-n'];
  const urls = ['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint];
  const peers = [
    '--listen-peer-urls',
    peer,
    '--initial-advertise-peer-urls',
    peer,
    '--initial-cluster',
    `default=${peer}`,
  ];
  let child: ChildProcess | null = null;
  const etcdctl = (...args: readonly string[]) =>
    promisify(execFile)('nsenter', [...inside, 'etcdctl', '--endpoints', endpoint, ...args], {
      env: { ...process.env, ETCDCTL_API: '3' },
    });
  const start = async () => {
    const etcd = ['etcd', '--data-dir', join(dir, 'etcd'), ...urls, ...peers];
    child = spawn('nsenter', [...inside, 'setpriv', '--pdeathsig', 'KILL', ...etcd], { stdio: 'ignore' });
    await eventually(() => etcdctl('endpoint', 'health'), { timeoutMs: 60_000 });
  };
  const stop = async () => {
    const ended = child;
    child = null;
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return;
    const gone = once(ended, 'exit');
    ended.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    endpoint,
    start,
    stop,
    put: async (entries) => {
      for (const [key, value] of entries) await etcdctl('put', key, value);
    },
  };
}
