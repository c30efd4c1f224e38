import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Lab, type LabBird, labUp } from '../../scripts/lab/lab.mjs';
import { bgpTargets } from '../../src/bgp-targets.ts';
import { systemClock } from '../../src/core/clock.ts';
import { prefixesFor, resourceKey } from '../../src/core/keys.ts';
import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { ledgerPath, readLedger } from '../../src/host/ledger.ts';
import { builtInTemplates, readTemplates } from '../../src/host/read-templates.ts';
import { runPass } from '../../src/pass/pass.ts';
import { Place } from '../../src/pass/place.ts';
import type { Target } from '../../src/targets.ts';
import { Random } from '../crash/random.ts';
import { block, configuration, filter, node, peer, pool } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { QUICK, quickNeighbor } from '../support/quick-neighbor.ts';
import { selfFor } from '../support/self.ts';

const ROUNDS = 50;
const SEED = 20261122;
const NODE = '10.0.0.1';
/** Killed by turns, so that each is back before it is its turn again. */
const VICTIMS = ['10.0.0.11', '10.0.0.12', '10.0.0.13', '10.0.0.14', '10.0.0.15', '10.0.0.16'] as const;
/** Whose session is what most changes are about. */
const OTHER = '10.0.0.2';
const NEVER = new AbortController().signal;

const neighborConfig = (address: string): string => {
  const last = Number(address.split('.')[3]);
  const route = `10.48.${last}.0/26`;
  return quickNeighbor({ address, asNumber: 65000, node: NODE, route, gracefulRestart: last % 2 === 0 });
};

const sessionOf = (address: string): string => `Global_${address.replaceAll('.', '_')}`;

describe('a neighbor that is killed at the instant of a reload', () => {
  let dir: string;
  let lab: Lab;
  let bird: LabBird;
  let place: Place;
  let target: Target;
  const store = new MemoryDatastore(
    Object.fromEntries([
      configuration('default', { nodeToNodeMeshEnabled: false, asNumber: 64512 }),
      node('node-a', `${NODE}/24`),
      pool('pool-1', '10.48.0.0/16'),
      block('node-a', '10.48.1.0/26'),
      filter('imports', { importV4: [{ action: 'Accept', cidr: '10.48.0.0/16', matchOperator: 'In' }] }),
      filter('exports', { exportV4: [{ action: 'Reject', cidr: '10.49.0.0/16', matchOperator: 'In' }] }),
    ]),
  );
  const filters = new Set<string>();
  const neighbors = new Map<string, LabBird>();
  /** What happens when the check of a bundle has passed, which is just before BIRD is told. */
  let onChecked = (): void => {};

  const start = async (address: string) => {
    const file = (kind: string) => join(dir, `${address}.${kind}`);
    await writeFile(file('conf'), neighborConfig(address));
    const files = { binary: 'bird', configFile: file('conf'), socket: file('ctl'), log: file('log') };
    neighbors.set(address, await lab.node(address).startBird(files));
  };
  const pass = () => runPass(target, store.snapshot(), place, { isQuiet: true, signal: NEVER });
  const infoOf = async (address: string) =>
    (await bird.protocols()).find(({ name }) => name === sessionOf(address))?.info;
  const established = (address: string) =>
    eventually(async () => expect(await infoOf(address)).toBe('Established'), { timeoutMs: 30_000 });
  const putPeer = (address: string, more: Readonly<Record<string, unknown>> = {}) =>
    store.put(...peer(address.replaceAll('.', '-'), { peerIP: address, asNumber: 65000, ...more }));

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-killed-'));
    lab = await labUp({ nodes: [NODE, OTHER, ...VICTIMS].map((name) => ({ name, address: `${name}/24` })) });
    await Promise.all([OTHER, ...VICTIMS].map(start));
    const output = join(dir, 'bird');
    const socket = join(dir, 'bird.ctl');
    const templates = new Map(await readTemplates(builtInTemplates(), 'bird1'));
    templates.set('extra-peer', `${QUICK}\n`);
    const daemon = { binary: 'bird' };
    const [four] = bgpTargets(
      { self: selfFor('node-a'), flavour: '1.6', layout: 'single', templates, version: 'test', lastGood: new Map() },
      { output, bird: daemon, bird6: daemon },
    );
    target = { ...four, check: async (folder, signal) => four.check(folder, signal).then(() => onChecked()) };
    const stateDir = join(dir, 'state');
    const { record } = await readLedger(ledgerPath(stateDir, 'bird'));
    const limits = { gone: 0.25, goneAtLeast: 10, restarts: 0.5, restartsAtLeast: 10, lastPeer: true };
    place = new Place(
      {
        ...{
          name: 'bird',
          node: 'node-a',
          stateDir,
          output,
          socket,
          limits,
          check: true,
          clock: systemClock,
          undoSeconds: 60,
        },
        ...{ destination: async () => ({ output, mode: 0o640, uid: null, gid: null }), acceptTakeover: false },
        history: 5,
        prefixes: prefixesFor('node-a'),
      },
      record,
    );
    await store.start(prefixesFor('node-a'), () => {}, NEVER);
    for (const address of [OTHER, ...VICTIMS]) putPeer(address);
    expect(await pass()).toMatchObject({ outcome: 'failed', error: { code: 'socket-missing' } });
    const files = { binary: 'bird', configFile: target.configFile, socket, log: join(dir, 'node.log') };
    bird = await lab.node(NODE).startBird(files);
    expect(await pass()).toMatchObject({ outcome: 'confirmed', hold: null });
    await Promise.all([OTHER, ...VICTIMS].map(established));
  });
  afterAll(async () => {
    await lab?.down();
    await rm(dir, { recursive: true, force: true });
  });

  /** By turns: the session restarts, all are filtered again on the way in, it restarts, on the way out, and it goes or comes. */
  const change = (round: number): void => {
    const isEven = Math.floor(round / 5) % 2 === 0;
    const toggle = (name: string) => {
      if (!filters.delete(name)) filters.add(name);
      for (const address of VICTIMS) putPeer(address, { filters: [...filters] });
    };
    if (round % 5 === 1) toggle('imports');
    else if (round % 5 === 3) toggle('exports');
    else if (round % 5 === 4 && isEven) store.delete(resourceKey('BGPPeer', OTHER.replaceAll('.', '-')));
    else putPeer(OTHER, { maxRestartTime: `${100 + round}s` });
  };

  it(`is no reason to undo, ${ROUNDS} times`, { timeout: 240_000 }, async () => {
    const random = new Random(SEED);
    let reloadMs = 40;
    const seen = { meanwhile: 0, armed: 0, ended: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const victim = VICTIMS[round % VICTIMS.length]!;
      await established(victim);
      change(round);
      let killed: Promise<void> = Promise.resolve();
      let isOver = false;
      onChecked = () => {
        // Between the check and the verdict, wherever that falls.
        killed = wait(random.next() * reloadMs).then(() => {
          process.kill(neighbors.get(victim)!.pid, 'SIGKILL');
          if (!isOver) seen.meanwhile++;
          if (place.ledger.txn.at === 'armed') seen.armed++;
        });
      };
      const { outcome, error, hold, meaning, timings } = await pass();
      isOver = true;
      await killed;
      expect({ round, victim, outcome, error, hold }).toEqual({
        ...{ round, victim, outcome: 'confirmed', error: null, hold: null },
      });
      expect(place.ledger.txn).toEqual({ at: 'idle' });
      if (meaning?.reimported.length === 0) reloadMs = timings.reload ?? reloadMs;
      await eventually(async () => expect(await infoOf(victim)).not.toBe('Established'));
      seen.ended++;
      await start(victim);
    }
    expect(seen.ended).toBe(ROUNDS);
    expect(seen.meanwhile).toBeGreaterThan(ROUNDS / 2);
    const reconfigured = readFileSync(bird.log, 'utf8').match(/^bird: Reconfigured$/gm)?.length ?? 0;
    // One for the takeover, one for each change: nothing was taken back.
    expect(reconfigured).toBe(1 + ROUNDS);
  });
});
