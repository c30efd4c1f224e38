import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withBirdSocket } from '../../src/bird/control-socket.ts';
import type { BirdReply } from '../../src/bird/replies.ts';
import { eventually } from './eventually.ts';

const run = promisify(execFile);

/** A BIRD 1.6 that runs alone in a network namespace of its own: whatever it does to routes, it does not to this machine's. */
export interface TestBird {
  readonly dir: string;
  readonly configFile: string;
  readonly socket: string;
  readonly pid: number;
  /** Replaces the configuration file; BIRD does not notice until it is told. */
  writeConfig(text: string): Promise<void>;
  ask(command: string): Promise<BirdReply>;
  /** Stops it without a farewell, as a crash does: its socket file stays behind. */
  crash(): Promise<void>;
  /** Stops it and removes all that it left. Safe to call twice. */
  stop(): Promise<void>;
}

let count = 0;

/** Starts BIRD with `config` and resolves once it answers on its control socket. Needs root (or a user namespace with its own network). */
export async function startBird(config: string, binary = '/usr/sbin/bird'): Promise<TestBird> {
  const namespace = `birdconfd-t${process.pid}-${count++}`;
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-bird-'));
  const configFile = join(dir, 'bird.conf');
  const socket = join(dir, 'bird.ctl');
  await writeFile(configFile, config);
  await run('ip', ['netns', 'add', namespace]);
  const child = spawn('ip', ['netns', 'exec', namespace, binary, '-f', '-c', configFile, '-s', socket], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });

  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null && child.kill(signal)) await once(child, 'exit');
  };
  const stop = async () => {
    await end('SIGKILL');
    await run('ip', ['netns', 'del', namespace]).catch(() => {});
    await rm(dir, { recursive: true, force: true });
  };
  const ask = (command: string) => {
    const options = { signal: new AbortController().signal, timeoutMs: 10_000 };
    return withBirdSocket(socket, options, (session) => session.command(command));
  };
  try {
    await eventually(() => mustAnswer(child, ask, () => log));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    dir,
    configFile,
    socket,
    pid: child.pid ?? 0,
    writeConfig: (text) => writeFile(configFile, text),
    ask,
    crash: () => end('SIGKILL'),
    stop,
  };
}

async function mustAnswer(child: ChildProcess, ask: (command: string) => Promise<BirdReply>, log: () => string) {
  if (child.exitCode !== null) throw new Error(`BIRD ended with ${child.exitCode}: ${log()}`);
  await ask('show status');
}
