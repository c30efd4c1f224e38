import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { eventually } from './eventually.ts';

/** Perl, as Node has no datagram sockets of the unix kind; every Debian has it. */
const LISTEN = `use Socket; $| = 1; socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un($ARGV[0])) or die;
while (defined recv(S, my $message, 4096, 0)) { print "$message\\n" }`;

/** Who listens as systemd does for a service. */
export interface NotifySocket {
  /** The lines of all messages so far, without systemd-notify's own. */
  readonly said: () => readonly string[];
  readonly end: () => Promise<void>;
}

/** Listens at `path`; resolves once it does. */
export async function notifySocket(path: string): Promise<NotifySocket> {
  const child = spawn('perl', ['-e', LISTEN, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await eventually(() => {
    if (!existsSync(path)) throw new Error('not yet');
  });
  const end = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { said: () => text.split('\n').filter((line) => line !== '' && line !== 'BARRIER=1'), end };
}
