import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './etcd.ts';

/** A cluster of several real etcd members on the loopback address, with the v2 API. */
export interface EtcdMembers {
  /** One a member, in order. */
  readonly endpoints: readonly string[];
  /** Ends one member as a lost machine does. */
  kill9(member: number): Promise<void>;
  stop(): Promise<void>;
}

const readyToServe = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk;
      if (said.includes('serving client traffic')) resolve();
    });
    child.once('exit', () => reject(new Error(`etcd ended: ${said}`)));
  });

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Starts `count` members and waits until each of them serves clients. */
export async function startEtcdMembers(count: number): Promise<EtcdMembers> {
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-etcd-'));
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const members = await Promise.all(
    Array.from({ length: count }, async (_, i) => ({
      name: `m${i}`,
      client: at(await freePort()),
      peer: at(await freePort()),
    })),
  );
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const children = members.map(({ name, client, peer }) => {
    const urls = ['--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer];
    const places = ['--name', name, '--data-dir', join(dir, name), '--initial-advertise-peer-urls', peer];
    const common = ['--initial-cluster', cluster, '--enable-v2', '--logger', 'zap', '--log-outputs', 'stderr'];
    const etcd = ['etcd', ...places, ...urls, ...common];
    return spawn('setpriv', ['--pdeathsig', 'KILL', ...etcd], { stdio: ['ignore', 'ignore', 'pipe'] });
  });
  const stop = async () => {
    await Promise.all(children.map(end));
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await Promise.all(children.map(readyToServe));
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoints: members.map(({ client }) => client), kill9: (member) => end(children[member]!), stop };
}
