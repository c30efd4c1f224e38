import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runCli, startCli } from './cli.ts';
import { eventually } from './eventually.ts';
import { temporaryFolder } from './folder.ts';

/** What a resource of `resource` has where nothing else is said. */
const TEMPLATE = 'v={{getv "/a/v"}}\n';

/**
 * A confdir of its own for one test, with the template `t` and a place for outputs, and processes of `birdconfd confd` over it, which end
 * with the test. `place`: which backend they ask.
 */
export async function confdBench(place: readonly string[]) {
  const dir = await temporaryFolder();
  for (const name of ['conf.d', 'templates', 'out']) await mkdir(join(dir, name));
  await writeFile(join(dir, 'templates/t'), TEMPLATE);
  const args = (...more: readonly string[]) => [
    ...['confd', ...place, '-confdir', dir, '-config-file', join(dir, 'confd.toml')],
    ...['-state-dir', join(dir, 'state'), ...more],
  ];
  const at = (name: string) => join(dir, name);
  const read = (name: string) => readFile(at(name), 'utf8').catch(() => '');
  const status = async (port: number) => (await fetch(`http://127.0.0.1:${port}/status`)).json();
  return {
    dir,
    at,
    args,
    read,
    /** Every name in a folder, hidden ones too. */
    names: async (name: string) => (await readdir(at(name))).sort(),
    lines: async (name: string) => (await read(name)).split('\n').length - 1,
    write: (name: string, text: string) => writeFile(at(name), text),
    remove: (name: string) => rm(at(name), { recursive: true, force: true }),
    /** conf.d/NAME.toml for out/NAME, with more lines in its table. */
    resource: (name: string, more = '') =>
      writeFile(
        at(`conf.d/${name}.toml`),
        `[template]\nsrc = "t"\ndest = "${at(`out/${name}`)}"\nkeys = ["/a"]\n${more}\n`,
      ),
    /** Runs it to its end; unless told otherwise with -onetime. */
    once: (...more: readonly string[]) => runCli(args('-onetime', ...more)),
    start(...more: readonly string[]) {
      const one = startCli(args('-watch', ...more));
      onTestFinished(async () => {
        if (one.child.exitCode !== null || one.child.signalCode !== null) return;
        one.child.kill('SIGCONT');
        await one.stop('SIGKILL');
      });
      /** Of -status-address 127.0.0.1:0. */
      const port = () =>
        eventually(() => {
          const [, found] = /status-address port=(\d+)/.exec(one.said().err) ?? [];
          if (!found) throw new Error(`no port in: ${one.said().err}`);
          return Number(found);
        });
      return {
        ...one,
        status: async () => status(await port()) as Promise<ConfdReport>,
        /** Its status code, and the reasons. */
        ready: async () => {
          const answer = await fetch(`http://127.0.0.1:${await port()}/readyz`);
          return { status: answer.status, text: await answer.text() };
        },
      };
    },
  };
}

/** `/status` of generic mode. */
export interface ConfdReport {
  readonly ready: boolean;
  readonly faults: readonly string[];
  readonly backend: { readonly inSync: boolean; readonly staleSince: string | null; readonly error: string | null };
  readonly units: readonly {
    readonly unit: string;
    readonly outcome: string;
    readonly error: { readonly stage: string; readonly code: string; readonly message: string } | null;
  }[];
}
