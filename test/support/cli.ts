import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';

/** The bundle that `npm test` builds first: the tests of the command line run what users run. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What a finished process left. */
export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A process of birdconfd. Its environment is only what the test gives, so that the machine's own variables change nothing. */
export function startCli(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? '/',
    env: { PATH: '/usr/sbin:/usr/bin:/bin', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.err += text;
  });
  const finished = once(child, 'close').then(([code]): Finished => ({ code: code as number | null, ...texts }));
  return {
    child,
    finished,
    /** What it has printed so far. */
    said: () => ({ ...texts }),
    /** Resolves once standard error matches; the service logs there. */
    logged: (pattern: RegExp) =>
      eventually(() => {
        if (!pattern.test(texts.err)) throw new Error(`no ${pattern} in: ${texts.err}`);
      }),
    async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
      child.kill(signal);
      return finished;
    },
  };
}

/** Runs birdconfd to its end. */
export const runCli = (args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) =>
  startCli(args, options).finished;
