import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Etcd3 } from 'etcd3';
import type { EtcdCredentials, EtcdOptions } from '../../src/datastore/etcd-client.ts';

/** Files of the server's certificates and the bytes of a client's (see `makeCertificates`). */
export interface EtcdTls {
  readonly server: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly client: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };
}

const run = promisify(execFile);

export interface EtcdServerOptions {
  /** Kept when the server stops; without it a temporary one is made and removed. */
  readonly dataDir?: string;
  readonly port?: number;
  readonly tls?: EtcdTls;
  /** Serves the v2 API, too. */
  readonly v2?: boolean;
  /** Turns on authentication: `user` may read what is under `prefix`; root's password is the same. */
  readonly auth?: { readonly user: string; readonly password: string; readonly prefix: string };
  /** More of etcd's own options. */
  readonly more?: readonly string[];
}

/** What a store is before it serves again. */
export interface Restart {
  readonly downSeconds?: number;
  /** It is empty. */
  readonly wiped?: boolean;
  /** It is what a snapshot of `saveSnapshot` holds; `token`: under another cluster's name. */
  readonly restored?: { readonly file: string; readonly token?: string };
}

export interface EtcdServer {
  readonly endpoint: string;
  readonly port: number;
  /** May write; with `auth` it is root. */
  readonly client: Etcd3;
  /** Ends the process as an operator would; the data stay, so that `restart` brings them back. */
  shutDown(): Promise<void>;
  /** Ends the process without letting it know. */
  kill9(): Promise<void>;
  /** Starts it again on the same port. */
  restart(options?: Restart): Promise<void>;
  /** Keeps the store as it is now, for a later `restart`. Not with `tls` or `auth`. */
  saveSnapshot(file: string): Promise<void>;
  /** Stops the process where it is, and lets it go on. */
  pause(): void;
  resume(): void;
  /** Ends everything and removes what was made; safe to call twice. */
  stop(): Promise<void>;
}

/** Credentials that stay as they are: these, and otherwise none. */
export const credentials =
  (given: Partial<EtcdCredentials> = {}): EtcdOptions['credentials'] =>
  async () => ({ username: null, password: null, caCert: null, cert: null, key: null, ...given });

/** A port of the loopback address that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function argumentsOf(dataDir: string, port: number, peerPort: number, { tls, v2, more }: EtcdServerOptions): string[] {
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const { ca, cert, key } = tls?.server ?? {};
  return [
    ...['--data-dir', dataDir, '--logger', 'zap', '--log-outputs', 'stderr', '--log-level', 'info'],
    ...['--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
    ...(v2 ? ['--enable-v2'] : []),
    ...(tls ? [`--trusted-ca-file=${ca}`, `--cert-file=${cert}`, `--key-file=${key}`, '--client-cert-auth'] : []),
    ...(more ?? []),
  ];
}

async function enableAuth(client: Etcd3, { user, password, prefix }: NonNullable<EtcdServerOptions['auth']>) {
  const role = client.role('reader');
  await role.create();
  await role.grant({ permission: 'Read', range: client.range({ prefix }) });
  for (const [name, roleName] of [
    ['root', 'root'],
    [user, 'reader'],
  ] as const) {
    if (roleName === 'root') await client.role('root').create();
    await client.user(name).create(password);
    await client.user(name).addRole(roleName);
  }
  await client.auth.authEnable();
}

/** Runs etcdctl; resolves with what it prints. */
export async function etcdctl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('etcdctl', args, { env: { ...process.env, ETCDCTL_API: '3' } });
  return stdout;
}

/** Starts a real etcd with one member on the loopback address and waits until it answers. */
export async function startEtcd(options: EtcdServerOptions = {}): Promise<EtcdServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'birdconfd-etcd-')));
  const [port, peerPort] = [options.port ?? (await freePort()), await freePort()];
  const endpoint = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  const tls = options.tls?.client;
  const credentials = tls ? { rootCertificate: tls.ca, certChain: tls.cert, privateKey: tls.key } : undefined;
  const connect = (auth?: { username: string; password: string }) =>
    new Etcd3({
      hosts: endpoint,
      ...(credentials && { credentials }),
      ...(auth && { auth }),
      grpcOptions: { 'grpc.max_receive_message_length': 64 * 1024 * 1024 },
      defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + 10_000 }),
    });
  let client = connect();
  let child: ChildProcess | null = null;

  const start = async (downSeconds: number) => {
    const etcd = ['etcd', ...argumentsOf(dataDir, port, peerPort, options)];
    const started = spawn('sh', ['-c', `sleep ${downSeconds}; exec "$@"`, 'sh', ...etcd], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    const killWithUs = () => started.kill('SIGKILL');
    process.once('exit', killWithUs);
    started.once('exit', () => process.off('exit', killWithUs));
    // By its log and not by asking: a refused question would open etcd3's circuit breaker for five seconds.
    await new Promise<void>((resolve, reject) => {
      let said = '';
      const giveUp = (why: string) => reject(new Error(`etcd ${why}: ${said}`));
      const deadline = setTimeout(giveUp, 20_000 + downSeconds * 1_000, 'did not come up');
      started.stderr.on('data', (chunk: Buffer) => {
        said += chunk;
        if (!said.includes('serving client traffic')) return;
        clearTimeout(deadline);
        resolve();
      });
      started.once('exit', () => giveUp('ended'));
    });
  };
  const end = async (signal: NodeJS.Signals) => {
    const ended = child;
    child = null;
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return;
    const gone = once(ended, 'exit');
    ended.kill(signal);
    await gone;
  };
  const stop = async () => {
    client.close();
    await end('SIGKILL');
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };

  try {
    await start(0);
    if (options.auth) {
      await enableAuth(client, options.auth);
      client.close();
      client = connect({ username: 'root', password: options.auth.password });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    endpoint,
    port,
    get client() {
      return client;
    },
    shutDown: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
    async restart({ downSeconds = 0, wiped = false, restored } = {}) {
      await end('SIGKILL');
      if (wiped || restored) await rm(dataDir, { recursive: true, force: true });
      if (restored) {
        const peer = `http://127.0.0.1:${peerPort}`;
        const member = ['--data-dir', dataDir, '--initial-advertise-peer-urls', peer];
        const cluster = ['--initial-cluster', `default=${peer}`];
        const token = restored.token === undefined ? [] : ['--initial-cluster-token', restored.token];
        await etcdctl('snapshot', 'restore', restored.file, ...member, ...cluster, ...token);
      }
      await start(downSeconds);
    },
    async saveSnapshot(file) {
      await etcdctl('--endpoints', endpoint, 'snapshot', 'save', file);
    },
    pause: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    stop,
  };
}
