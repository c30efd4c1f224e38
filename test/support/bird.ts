import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withBirdSocket } from '../../src/bird/control-socket.ts';
import type { BirdReply } from '../../src/bird/replies.ts';
import { isSameMoment } from '../../src/bird/same-moment.ts';
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
  /** Starts it again where it was, whether it still runs or not: another process that reads the file as it lies there now. */
  restart(options?: BirdStart): Promise<void>;
  /** Stops it and removes all that it left. Safe to call twice. */
  stop(): Promise<void>;
}

/** Resolves once what BIRD does next can be told from what it did last by its own clock, which has whole seconds that wobble. */
export async function laterThanLast(bird: Pick<TestBird, 'ask'>): Promise<void> {
  const said = async (start: string) => {
    const { lines } = await bird.ask('show status');
    return lines.find(({ text }) => text.startsWith(start))?.text.slice(start.length) ?? '';
  };
  // Twice as long as it takes: each of the times may be a second off.
  for (let moment = await said('Last reconfiguration on '), rounds = 0; rounds < 2; rounds++) {
    moment = await eventually(async () => {
      const now = await said('Current server time is ');
      if (isSameMoment(now, moment)) throw new Error('too early');
      return now;
    });
  }
}

/** How it is started. */
export interface BirdStart {
  /** Drops to this user and group once it has its socket, as packages of BIRD do; else it runs as root. */
  readonly user?: string;
  readonly group?: string;
  /** In place of its own configuration file. */
  readonly configFile?: string;
}

/** Starts BIRD with `config` and resolves once it answers on its control socket. Needs root, or root in a user namespace. */
export async function startBird(config: string, binary = '/usr/sbin/bird', options: BirdStart = {}): Promise<TestBird> {
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-bird-'));
  const configFile = join(dir, 'bird.conf');
  const socket = join(dir, 'bird.ctl');
  await writeFile(configFile, config);
  await chmod(dir, 0o755); // another user's BIRD looks for its file here
  let child: ChildProcess | null = null;
  let log = '';
  const ask = (command: string) => {
    const options = { signal: new AbortController().signal, timeoutMs: 10_000 };
    return withBirdSocket(socket, options, (session) => session.command(command));
  };
  const start = async ({ user, group, configFile: file = configFile }: BirdStart) => {
    const as = [...(user ? ['-u', user] : []), ...(group ? ['-g', group] : [])];
    const bird = [binary, '-f', '-c', file, '-s', socket, ...as];
    // Where no namespace can be made, `unshare` ends without having started BIRD; however we end, BIRD does too.
    const started = spawn('unshare', ['--net', 'setpriv', '--pdeathsig', 'KILL', ...bird], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    await eventually(() => mustAnswer(started, ask, () => log));
  };
  const crash = async () => {
    const ended = child;
    child = null;
    if (ended && ended.exitCode === null && ended.signalCode === null && ended.kill('SIGKILL'))
      await once(ended, 'exit');
  };
  const stop = async () => {
    await crash();
    await rm(dir, { recursive: true, force: true });
  };
  const restart = async (again: BirdStart = options) => {
    await crash();
    await start(again);
  };
  try {
    await start(options);
  } catch (error) {
    await stop();
    throw error;
  }
  const writeConfig = (text: string) => writeFile(configFile, text);
  return {
    dir,
    configFile,
    socket,
    get pid() {
      return child?.pid ?? 0;
    },
    writeConfig,
    ask,
    log: () => log,
    crash,
    restart,
    stop,
  };
}

async function mustAnswer(child: ChildProcess, ask: (command: string) => Promise<BirdReply>, log: () => string) {
  if (child.exitCode !== null) throw new Error(`BIRD ended with ${child.exitCode}: ${log()}`);
  await ask('show status');
}
