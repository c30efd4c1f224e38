import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LabNode } from '../../scripts/lab/lab.mjs';
import { freePort } from './etcd.ts';

/** A cluster of several real etcd members, with the v2 API. */
export interface EtcdMembers {
  /** One a member, in order. */
  readonly endpoints: readonly string[];
  /** Ends one member as a lost machine does. */
  kill9(member: number): Promise<void>;
  /** Starts it again, with the data that it had. */
  restart(member: number): Promise<void>;
  /** Stops a member where it is, and lets it go on. */
  pause(member: number): void;
  resume(member: number): void;
  /** Runs etcdctl beside `member`, and on it alone; resolves with what it prints. */
  ctl(member: number, ...args: readonly string[]): Promise<string>;
  /** Which one of those that answer leads. */
  leader(): Promise<number>;
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

interface Member {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
  /** Before a command that is to run on this member's machine. */
  readonly entering: readonly string[];
}

const LOCAL = '127.0.0.1';

/** Members on the loopback address, or each on a machine of its own. */
const membersOn = (count: number, machines: readonly LabNode[]): Promise<readonly Member[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const machine = machines[i];
      const host = machine?.address.split('/')[0] ?? LOCAL;
      const [client, peer] = machine ? [2379, 2380] : [await freePort(), await freePort()];
      const entering = machine ? ['nsenter', '-t', String(machine.pid), '-n'] : [];
      return { name: `m${i}`, client: `http://${host}:${client}`, peer: `http://${host}:${peer}`, entering };
    }),
  );

/** Starts `count` members and waits until each of them serves clients. */
export async function startEtcdMembers(count: number, machines: readonly LabNode[] = []): Promise<EtcdMembers> {
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-etcd-'));
  const members = await membersOn(count, machines);
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const start = ({ name, client, peer, entering }: Member) => {
    const urls = ['--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer];
    const places = ['--name', name, '--data-dir', join(dir, name), '--initial-advertise-peer-urls', peer];
    const common = ['--initial-cluster', cluster, '--enable-v2', '--logger', 'zap', '--log-outputs', 'stderr'];
    const etcd = ['etcd', ...places, ...urls, ...common];
    const args = ['--pdeathsig', 'KILL', ...entering, ...etcd];
    return spawn('setpriv', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const children = members.map(start);
  const ctl = async (member: number, ...args: readonly string[]) => {
    const { client, entering } = members[member]!;
    const [command, ...rest] = [...entering, 'etcdctl', '--endpoints', client, ...args];
    const env = { ...process.env, ETCDCTL_API: '3' };
    return (await promisify(execFile)(command!, rest, { env, timeout: 10_000 })).stdout;
  };
  const leads = async (member: number) => {
    const [{ Status }] = JSON.parse(await ctl(member, 'endpoint', 'status', '-w', 'json'));
    return Status.leader === Status.header.member_id;
  };
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
  return {
    endpoints: members.map(({ client }) => client),
    kill9: (member) => end(children[member]!),
    async restart(member) {
      const child = start(members[member]!);
      children[member] = child;
      await readyToServe(child);
    },
    pause: (member) => children[member]?.kill('SIGSTOP'),
    resume: (member) => children[member]?.kill('SIGCONT'),
    ctl,
    async leader() {
      const answers = await Promise.all(members.map((_, i) => leads(i).catch(() => false)));
      const found = answers.indexOf(true);
      if (found < 0) throw new Error('no member leads');
      return found;
    },
    stop,
  };
}
