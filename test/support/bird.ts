import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withBirdSocket } from '../../src/bird/control-socket.ts';
import type { BirdReply } from '../../src/bird/replies.ts';
import { eventually } from './eventually.ts';

/** A BIRD 1.6 alone in a network namespace that ends with it: whatever it does to routes, it does not to this machine's. */
export interface TestBird {
  readonly dir: string;
  readonly configFile: string;
  readonly socket: string;
  readonly pid: number;
  /** Replaces the configuration file; BIRD does not notice until it is told. */
  writeConfig(text: string): Promise<void>;
  ask(command: string): Promise<BirdReply>;
  /** What it has logged so far. A line may come a moment after the reply to the command that caused it. */
  log(): string;
  /** Stops it without a farewell, as a crash does: its socket file stays behind. */
  crash(): Promise<void>;
  /** Stops it and removes all that it left. Safe to call twice. */
  stop(): Promise<void>;
}

/** Starts BIRD with `config` and resolves once it answers on its control socket. Needs root, or root in a user namespace. */
export async function startBird(config: string, binary = '/usr/sbin/bird'): Promise<TestBird> {
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-bird-'));
  const configFile = join(dir, 'bird.conf');
  const socket = join(dir, 'bird.ctl');
  await writeFile(configFile, config);
  // Where no namespace can be made, `unshare` ends without having started BIRD; however we end, BIRD does too.
  const child = spawn(
    'unshare',
    ['--net', 'setpriv', '--pdeathsig', 'KILL', binary, '-f', '-c', configFile, '-s', socket],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });

  const crash = async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  };
  const stop = async () => {
    await crash();
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
  const writeConfig = (text: string) => writeFile(configFile, text);
  return { dir, configFile, socket, pid: child.pid ?? 0, writeConfig, ask, log: () => log, crash, stop };
}

async function mustAnswer(child: ChildProcess, ask: (command: string) => Promise<BirdReply>, log: () => string) {
  if (child.exitCode !== null) throw new Error(`BIRD ended with ${child.exitCode}: ${log()}`);
  await ask('show status');
}
