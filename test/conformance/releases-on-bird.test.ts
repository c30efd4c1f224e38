import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meaningOf } from '../../src/bird/meaning.ts';
import { lastText } from '../../src/bird/replies.ts';
import { trippedGuards } from '../../src/transaction/guards.ts';
import { startBird, type TestBird } from '../support/bird.ts';
import { eventually } from '../support/eventually.ts';
import { IGNORED_FIELDS, readIfThere, releaseCases, renderCase } from './releases.ts';
import { withoutTunnels } from './without-tunnels.ts';

const EXTERNAL_MESH =
  'a mesh peer of another AS must be a direct neighbor up to 3.32; here all are multihop, as from 3.33 on';

/** Cases in which BIRD starts sessions again, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  ...IGNORED_FIELDS,
  'v3.28/mesh-peer-as': EXTERNAL_MESH,
  'v3.31/mesh-peer-as': EXTERNAL_MESH,
  'v3.32/mesh-peer-as': EXTERNAL_MESH,
  'v3.28/service-cidrs': 'single addresses of serviceExternalIPs are static routes before 3.30',
};

/** That nothing is counted but what a takeover counts. */
const LIMITS = { gone: 1, goneAtLeast: 0, restarts: 1, restartsAtLeast: 0, lastPeer: false };

/** What of a takeover, from one configuration to the other, would be held. */
const heldBetween = (before: string, after: string, release: string) =>
  trippedGuards(
    {
      before,
      after,
      meaning: meaningOf(before, after),
      takeover: { running: [] },
      isReread: false,
      release: { now: release, confirmed: null },
    },
    LIMITS,
  );

const DAEMONS = ['bird', 'bird6'] as const;

/** A folder's configuration as one text for plain BIRD. */
const configOf = (folder: string, daemon: string): string =>
  withoutTunnels(
    readIfThere(folder, `${daemon}.cfg`).replace(/^include "(\S+)";$/gm, (_, file) => readIfThere(folder, file)),
  );

/** Makes BIRD take a configuration and resolves with what it logged while it did. */
async function configure(bird: TestBird, text: string): Promise<string> {
  const from = bird.log().length;
  await bird.writeConfig(`log stderr all;\n${text}`); // or else it tells the system's log
  const reply = await bird.ask('configure');
  expect(reply.code, `${reply.lines.map((line) => line.text).join('\n')}\n${text}`).toBeLessThan(8000);
  await eventually(
    async () => {
      expect(lastText(await bird.ask('show status'))).toBe('Daemon is up and running');
      expect(bird.log().slice(from)).toMatch(/\bReconfigured$/m);
    },
    { timeoutMs: 5_000 },
  );
  return bird.log().slice(from);
}

/** The names of the BGP sessions and of all other protocols but `static`, which up to 3.32 is there also without routes. */
async function protocolsOf(bird: TestBird): Promise<readonly string[]> {
  const { lines } = await bird.ask('show protocols');
  const rows = lines.map(({ text }) => text.split(/\s+/)).filter(([, type]) => type !== undefined && type !== 'Static');
  return rows.map(([name = '']) => name).sort();
}

/** What happened to sessions, by BIRD's log. */
const eventsIn = (log: string): readonly string[] =>
  [...log.matchAll(/(?:Restarting|Removing|Adding) protocol (?:Mesh|Global|Node|Local_Workload)_\S+/g)].map(String);

const cases = releaseCases();
describe.skipIf(cases.length === 0)('real BIRDs go from the files of older Calico releases to ours', () => {
  const birds = new Map<string, TestBird>();
  beforeAll(async () => {
    for (const daemon of DAEMONS) {
      birds.set(daemon, await startBird('router id 192.0.2.1;\nprotocol device { }\n', `/usr/sbin/${daemon}`));
    }
  });
  afterAll(() => Promise.all([...birds.values()].map((bird) => bird.stop())));

  for (const { release, name, dir } of cases) {
    const reason = EXCEPTIONS[`${release}/${name}`];
    const test = reason ? it.fails : it;
    test(`${release}/${name}${reason ? ` differs: ${reason}` : ''}`, async () => {
      const expected = join(dir, 'expected');
      const withSessions = DAEMONS.filter((daemon) => /^protocol bgp /m.test(configOf(expected, daemon)));
      const ours = await renderCase(dir);
      for (const daemon of withSessions) {
        const bird = birds.get(daemon)!;
        const [theirs, mine] = [configOf(expected, daemon), configOf(ours, daemon)];
        expect(heldBetween(theirs, mine, release)).toEqual([]);
        await configure(bird, theirs);
        const before = await protocolsOf(bird);
        const log = await configure(bird, mine);
        expect(eventsIn(log), daemon).toEqual([]);
        expect(await protocolsOf(bird)).toEqual(before);
      }
    });
  }
});
