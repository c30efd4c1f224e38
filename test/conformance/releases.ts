import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';

const corpus = fileURLToPath(new URL('../../../shared/conformance/corpus-releases', import.meta.url));

/** One input, and in `expected` below `dir` what that release's own confd makes of it. */
export interface ReleaseCase {
  readonly release: string;
  readonly name: string;
  readonly dir: string;
}

/** The cases of older Calico releases; none, and a line that says so, where they are not beside this repository. */
export function releaseCases(): readonly ReleaseCase[] {
  if (!existsSync(corpus)) {
    console.log(`skipped: the cases of older Calico releases are not at ${corpus}`);
    return [];
  }
  return readdirSync(corpus).flatMap((release) =>
    readdirSync(join(corpus, release)).map((name) => ({ release, name, dir: join(corpus, release, name) })),
  );
}

const KEEPALIVE = 'keepaliveTime is ignored up to 3.31; here it is honoured in every release';

/** Cases whose sessions differ on purpose, each with its reason: older releases ignore fields, and we do not reproduce that. */
export const IGNORED_FIELDS: Readonly<Record<string, string>> = {
  'v3.28/next_hop_mode-route_reflectors': 'nextHopMode is ignored before 3.30.2',
  'v3.28/peer-local-workload': 'localWorkloadSelector is ignored before 3.30',
  'v3.28/peer-next-hop-selector-ebgp': 'keepOriginalNextHop is ignored with peerSelector before 3.30.2',
  'v3.28/peer-timers': KEEPALIVE,
  'v3.31/peer-timers': KEEPALIVE,
  'v3.28/random-305': KEEPALIVE,
  'v3.31/random-305': KEEPALIVE,
};

/** The text of a file; empty where there is none. */
export const readIfThere = (dir: string, name: string): string => {
  const path = join(dir, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

/** Renders a case in Calico's layout, for the release that its data name, and resolves with the folder of the files. */
export async function renderCase(dir: string): Promise<string> {
  const output = await temporaryFolder();
  const env: Record<string, string> = JSON.parse(readIfThere(dir, 'env.json') || '{}');
  const status = readIfThere(dir, 'endpoint-status.json');
  if (status) {
    const prefix = join(await temporaryFolder(), 'run');
    mkdirSync(join(prefix, 'endpoint-status'), { recursive: true });
    for (const [file, content] of Object.entries(JSON.parse(status) as Record<string, unknown>)) {
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      writeFileSync(join(prefix, 'endpoint-status', file), text);
    }
    env.CALICO_ENDPOINT_STATUS_PATH_PREFIX = prefix;
  }
  const args = ['render', '--input', join(dir, 'etcd.json'), '--node', env.NODENAME ?? '', '--layout', 'calico'];
  const { code, err } = await runCli([...args, '--allow-missing-password', '--output', output], { env });
  expect([0, 3], err).toContain(code);
  return output;
}
