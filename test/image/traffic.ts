import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LabNode } from '../../scripts/lab/lab.mjs';

const SCRIPT = fileURLToPath(new URL('traffic.mjs', import.meta.url));
const EVERY_MS = 50;

/** Packets asked and not answered, by the address that was asked. */
export type Loss = Readonly<Record<string, { readonly sent: number; readonly lost: number }>>;

async function start(node: LabNode, ...args: readonly string[]): Promise<ChildProcess> {
  const inside = ['-t', String(node.pid), '-n', 'setpriv', '--pdeathsig', 'KILL'];
  const child = spawn('nsenter', [...inside, process.execPath, SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  await once(child.stderr!, 'data');
  return child;
}

/** Sends to the addresses, which are `to`'s, until `end`, which resolves with what was lost. `stop` is safe to call at any time. */
export async function startTraffic(from: LabNode, to: LabNode, addresses: readonly string[]) {
  const echo = await start(to, 'echo', ...addresses);
  const sender = await start(from, 'send', String(EVERY_MS), ...addresses);
  const ended = once(sender, 'close');
  let said = '';
  sender.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return {
    async end(): Promise<Loss> {
      sender.kill('SIGTERM');
      await ended;
      echo.kill('SIGKILL');
      return JSON.parse(said);
    },
    stop(): void {
      for (const child of [sender, echo]) child.kill('SIGKILL');
    },
  };
}
