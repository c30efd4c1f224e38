import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { actionsOf, sessionsOf } from './meaning.ts';

const corpus = fileURLToPath(new URL('../../../shared/conformance/corpus-releases', import.meta.url));
const isThere = existsSync(corpus);
if (!isThere) console.log(`skipped: the cases of older Calico releases are not at ${corpus}`);

const read = (dir: string, name: string): string => {
  const path = join(dir, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

async function renderCase(dir: string): Promise<string> {
  const output = await temporaryFolder();
  const env: Record<string, string> = JSON.parse(read(dir, 'env.json') || '{}');
  const status = read(dir, 'endpoint-status.json');
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

const KEEPALIVE = 'keepaliveTime is ignored up to 3.31; here it is honoured in every release';

/** Cases whose meaning differs on purpose, each with its reason: older releases ignore fields, and we do not reproduce that. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'v3.28/next_hop_mode-route_reflectors': 'nextHopMode is ignored before 3.30.2',
  'v3.28/peer-local-workload': 'localWorkloadSelector is ignored before 3.30',
  'v3.28/peer-next-hop-selector-ebgp': 'keepOriginalNextHop is ignored with peerSelector before 3.30.2',
  'v3.28/peer-timers': KEEPALIVE,
  'v3.31/peer-timers': KEEPALIVE,
  'v3.28/random-305': KEEPALIVE,
  'v3.31/random-305': KEEPALIVE,
  'v3.28/service-cidrs': 'single addresses of serviceExternalIPs are static routes before 3.30',
  'v3.28/service-cidrs-empty-entry': 'one empty entry empties the whole list before 3.29',
};

const releases = isThere ? readdirSync(corpus) : [];
for (const release of releases) {
  describe(`the meaning of Calico ${release}`, () => {
    for (const name of readdirSync(join(corpus, release))) {
      const reason = EXCEPTIONS[`${release}/${name}`];
      const test = reason ? it.fails : it;
      test(reason ? `${name} differs: ${reason}` : name, async () => {
        const dir = join(corpus, release, name);
        const ours = await renderCase(dir);
        const expected = join(dir, 'expected');
        for (const daemon of ['bird', 'bird6']) {
          expect(sessionsOf(read(ours, `${daemon}.cfg`))).toEqual(sessionsOf(read(expected, `${daemon}.cfg`)));
          const [mine, theirs] = [read(ours, `${daemon}_ipam.cfg`), read(expected, `${daemon}_ipam.cfg`)];
          for (const filter of [/^filter calico_kernel_programming/, /^function calico_export_to_bgp_peers/]) {
            expect(actionsOf(mine, filter)).toEqual(actionsOf(theirs, filter));
          }
        }
      });
    }
  });
}

it.runIf(isThere)('has cases', () => {
  expect(releases.flatMap((release) => readdirSync(join(corpus, release))).length).toBeGreaterThan(0);
});
