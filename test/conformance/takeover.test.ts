import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSameMoment } from '../../src/bird/same-moment.ts';
import { prepareTargets } from '../../src/cli/prepare-bgp.ts';
import { type Bundle, Block, makeBundle, makeFile } from '../../src/render/bundle.ts';
import { expandIncludes } from '../../src/render/whole.ts';
import type { MakeTargets } from '../../src/service/prepare.ts';
import { convergeOnce } from '../../src/service/service.ts';
import { resolveSettings } from '../../src/settings.ts';
import type { Target } from '../../src/targets.ts';
import { corpusCases, expectedFiles, readsCase } from './corpus.ts';
import { Lane, type LiveNode } from './live-node.ts';
import { type Session, sessionsOf } from './neighbors.ts';
import { withoutTunnels } from './without-tunnels.ts';

/** As many as vitest runs at a time. */
const LANES = 5;

/** Sessions that nobody can bring up, each with its reason. Every other session of every case is Established when birdconfd comes. */
const HOPELESS: Readonly<Record<string, string>> = {
  Global_ffee__10: 'a multicast address',
  Global_ffee__11: 'a multicast address',
};

/** Calico's BIRD is not at hand: plain BIRD runs its files, and ours, without what it does not know. */
const plain = (target: Target): Target => ({
  ...target,
  render: (snapshot, live) => {
    const rendering = target.render(snapshot, live);
    return { ...rendering, bundle: rendering.bundle && bundleWithoutTunnels(rendering.bundle) };
  },
});

function bundleWithoutTunnels({ files }: Bundle): Bundle {
  const [first, ...rest] = files.map(({ name, text }) => makeFile(name, [new Block(withoutTunnels(text), [])]));
  return makeBundle([first!, ...rest]);
}

const makeTargets: MakeTargets = async (settings, known) =>
  (await prepareTargets(settings, { ...known, runsBird: true })).map(plain);

/** What the node runs when birdconfd comes. */
function calicoNode(dir: string): {
  readonly files: ReadonlyMap<string, string>;
  readonly sessions: readonly Session[];
} {
  const files = new Map([...expectedFiles(dir)].map(([name, text]) => [name, withoutTunnels(text)]));
  const sessions = ([4, 6] as const).flatMap((family) => {
    const names = [`bird${family === 4 ? '' : 6}.cfg`, ...files.keys()];
    const text = expandIncludes(names.map((name) => ({ name, text: files.get(name) ?? '' })));
    const all = sessionsOf(text, family, family === 4 ? '192.0.2.77' : '2001:db8::77');
    return all.filter(({ name }) => !(name in HOPELESS));
  });
  return { files, sessions };
}

/** What happened to protocols, by BIRD's log. */
const eventsIn = (log: string): readonly string[] =>
  [...log.matchAll(/(Restarting|Removing|Adding) protocol \S+|\S+: State changed to (down|start|stop|flush)/g)].map(
    String,
  );

/** `run --once` on the node, with an empty state directory. */
async function takeOver(dir: string, { output, sockets }: LiveNode) {
  const side = join(output, '..', 'side');
  mkdirSync(side);
  const { flags, env } = readsCase(dir, side);
  const places = { output, 'bird-socket': sockets.bird, 'bird6-socket': sockets.bird6 };
  const settings = await resolveSettings({ ...flags, ...places, layout: 'calico', bird: 'calico' }, env);
  return convergeOnce(settings, makeTargets, () => {}, AbortSignal.timeout(30_000));
}

/** In all cases together: sessions that were Established, and routes of nodes that their neighbors had in their kernels. */
const seen = { established: 0, told: 0 };

const cases = corpusCases();
describe.skipIf(cases.length === 0).concurrent('a live Calico node is taken over', () => {
  let root: string;
  const free: Lane[] = [];
  const all: Lane[] = [];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'birdconfd-takeover-'));
    const opening = Array.from({ length: LANES }, async (_, i) => all.push(await Lane.open(join(root, `lane-${i}`))));
    await Promise.all(opening);
    free.push(...all);
  });
  afterAll(async () => {
    await Promise.all(all.map((lane) => lane.close()));
    await rm(root, { recursive: true, force: true });
  });

  for (const { name, dir } of cases) {
    it(name, async ({ expect }) => {
      const { files, sessions } = calicoNode(dir);
      const lane = free.pop() ?? expect.fail('more cases at a time than networks');
      try {
        const node = await lane.start(files, sessions);
        try {
          const [before, routes, events] = [await node.sessions(), await node.routes(), eventsIn(node.log())];
          const isUp = (all: typeof before) => all.filter(({ name }) => !(name in HOPELESS));
          const reports = await takeOver(dir, node);
          expect(reports.map(({ outcome, error, hold }) => ({ outcome, error, hold }))).toEqual(
            reports.map(() => ({ outcome: 'confirmed', error: null, hold: null })),
          );
          const after = new Map((await node.sessions()).map((session) => [session.name, session]));
          expect([...after.keys()].sort()).toEqual(before.map((session) => session.name).sort());
          for (const was of isUp(before)) {
            const is = after.get(was.name)!;
            expect(is).toMatchObject({ state: 'up', established: true });
            expect(isSameMoment(is.since, was.since), `${was.name}: ${was.since}, then ${is.since}`).toBe(true);
          }
          expect(eventsIn(node.log())).toEqual(events);
          await node.told();
          expect(await node.deletions()).toEqual([]);
          expect(await node.routes()).toEqual(routes);
          seen.established += isUp(before).length;
          seen.told += routes.kernels
            .slice(1)
            .flat()
            .filter((line) => line.includes(' proto bird')).length;
        } finally {
          await node.stop();
        }
      } finally {
        free.push(lane);
      }
    });
  }
});

it.skipIf(cases.length === 0)('every session was Established, and neighbors knew routes that could have gone', () => {
  const wanted = cases.reduce((sum, { dir }) => sum + calicoNode(dir).sessions.length, 0);
  expect(seen.established).toBe(wanted);
  expect(wanted).toBeGreaterThan(190);
  expect(seen.told).toBeGreaterThan(wanted);
});
