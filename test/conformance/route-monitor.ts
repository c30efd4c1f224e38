import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { LabNode } from '../../scripts/lab/lab.d.mts';
import { eventually } from '../support/eventually.ts';

const MARK = '203.0.113.1';

/** What the kernel of a machine has said about its routes, since it was asked. */
export interface RouteMonitor {
  /** The routes that were deleted so far: not one is on its way any more. To be asked once. */
  deletions(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Resolves once `ip monitor route` listens on the machine: a route of our own comes and goes first, and last. */
export async function watchRoutes({ pid, ip }: LabNode): Promise<RouteMonitor> {
  const inside = ['-t', String(pid), '-n', 'setpriv', '--pdeathsig', 'KILL'];
  const child = spawn('nsenter', [...inside, 'ip', 'monitor', 'route'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'close');
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const stop = async () => {
    child.kill();
    await ended;
  };
  const says = (pattern: RegExp) => {
    if (!pattern.test(said)) throw new Error(`no ${pattern} among the changes of routes: ${said}`);
  };
  try {
    await eventually(async () => {
      // To put the same route once more would be no news.
      await ip(`route replace blackhole ${MARK}`, `route del blackhole ${MARK}`);
      says(/^Deleted blackhole 203\.0\.113\.1 /m);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const deletions = async () => {
    await ip(`route add blackhole ${MARK} metric 77`, `route del blackhole ${MARK} metric 77`);
    await eventually(() => says(/^Deleted blackhole 203\.0\.113\.1 .*metric 77/m));
    return said.split('\n').filter((line) => line.startsWith('Deleted ') && !line.includes(MARK));
  };
  return { deletions, stop };
}
