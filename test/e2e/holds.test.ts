import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CalicoNode, startCalicoNode } from '../../scripts/lab/calico-node.mjs';
import { type Lab, type LabBird, labUp } from '../../scripts/lab/lab.mjs';
import { isSameTime } from '../../scripts/lab/tables.mjs';
import type { ServiceReport, TargetReport } from '../../src/control/status-report.ts';
import { runCli } from '../support/cli.ts';
import { block, configuration, filter, information, node, peer, pool } from '../support/cluster.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { QUICK, quickNeighbor } from '../support/quick-neighbor.ts';

const ARRIVES = { timeoutMs: 45_000 };
const NODE = '10.192.0.11';
const NEIGHBORS = { '10.192.0.12': 64512, '10.192.0.13': 64512, '10.192.0.101': 64999 } as const;
type Address = keyof typeof NEIGHBORS;
const ADDRESSES = Object.keys(NEIGHBORS) as readonly Address[];
const routeOf = (address: string): string => `10.48.${address.split('.')[3]}.0/26`;
const session = (address: string): string => `Global_${address.replaceAll('.', '_')}`;

const FILTER = 'all-sessions';
const accepts = (cidr: string) => filter(FILTER, { importV4: [{ action: 'Accept', cidr, matchOperator: 'In' }] });
const REJECTS = filter(FILTER, { importV4: [{ action: 'Reject' }] });
const neighbor = (address: string, asNumber: number) =>
  peer(address.replaceAll('.', '-'), { peerIP: address, asNumber, filters: [FILTER] });
const OWN_NODE = node('node-a', `${NODE}/24`);

/** A node with three routers, each of which tells one route. */
const CLUSTER = [
  OWN_NODE,
  information('v3.33.0'),
  configuration('default', { nodeToNodeMeshEnabled: false, asNumber: 64512 }),
  pool('default', '10.48.0.0/16'),
  block('node-a', '10.48.1.0/26'),
  accepts('10.48.0.0/16'),
  ...ADDRESSES.map((address) => neighbor(address, NEIGHBORS[address])),
] as const;

/** Peers that are nowhere: nothing but sessions that a restored datastore may lack. */
const ABSENT = Array.from({ length: 14 }, (_, i) => `10.192.0.${201 + i}`);

describe('what a running service does not do to its node', () => {
  let dir: string;
  let etcd: EtcdServer;
  let lab: Lab;
  let birdconfd: CalicoNode;
  let bird: LabBird;
  const neighbors = new Map<Address, LabBird>();

  const put = async (...entries: readonly (readonly [string, string])[]) => {
    for (const [key, value] of entries) await etcd.client.put(key).value(value);
  };
  const ask = (verb: string, ...more: readonly string[]) =>
    runCli([verb, '--state-dir', join(dir, 'node-a', 'state'), ...more]);
  const status = async (): Promise<TargetReport> => {
    const { out, err } = await ask('status', '--json');
    const report: ServiceReport | null = out ? JSON.parse(out) : null;
    return report?.targets.find(({ name }) => name === 'bird') ?? expect.fail(err);
  };
  const becomes = (expected: object) => eventually(async () => expect(await status()).toMatchObject(expected), ARRIVES);
  const config = () => readFile(birdconfd.configFile, 'utf8');
  const isHeld = (...kinds: readonly string[]) => becomes({ state: 'held', ready: false, hold: { kinds } });
  const isConverged = () => becomes({ state: 'converged', ready: true, hold: null, transaction: 'idle' });
  const names = async () =>
    (await bird.protocols()).flatMap(({ name, proto }) => (proto === 'BGP' ? [name] : [])).sort();

  const writeNeighbor = async (address: Address, route: string | null) => {
    const file = join(dir, `${address}.conf`);
    await writeFile(file, quickNeighbor({ address, asNumber: NEIGHBORS[address], node: NODE, route }));
    return file;
  };
  const tell = async (isThere: boolean) => {
    for (const [address, { ask }] of neighbors) {
      await writeNeighbor(address, isThere ? routeOf(address) : null);
      await ask('configure');
    }
  };
  const knows = (isThere: boolean) =>
    eventually(async () => {
      const learned = (await bird.routes()).flatMap(({ prefix, protocol }) =>
        protocol.startsWith('Global_') ? [prefix] : [],
      );
      expect(learned.sort()).toEqual(isThere ? ADDRESSES.map(routeOf).sort() : []);
    }, ARRIVES);

  /** When each of the three sessions came up, and how often they had gone down, at both ends. */
  const established = async () => {
    const rows = (await bird.protocols()).filter(({ info }) => info === 'Established');
    const falls = [...neighbors.values()].map((other) => other.timesDown('node'));
    return { since: rows.sort((a, b) => (a.name < b.name ? -1 : 1)).map((row) => [row.name, row.since]), falls };
  };
  /** Runs `act`, and expects that the three sessions stay up all the while. */
  const keepsSessions = async (act: () => Promise<void>) => {
    const before = await established();
    expect(before.since.map(([name]) => name).sort()).toEqual(ADDRESSES.map(session).sort());
    await act();
    const after = await established();
    expect(after.falls).toEqual(before.falls);
    for (const [i, [name = '', since = '']] of before.since.entries()) {
      expect(isSameTime(after.since[i]?.[1] ?? '', since), `${name}: ${since}, then ${after.since[i]}`).toBe(true);
    }
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-holds-'));
    await mkdir(join(dir, 'etcd'));
    etcd = await startEtcd({ dataDir: join(dir, 'etcd') });
    await put(...CLUSTER);
    lab = await labUp({ nodes: [NODE, ...ADDRESSES].map((name) => ({ name, address: `${name}/24` })) });
    for (const address of ADDRESSES) {
      const configFile = await writeNeighbor(address, routeOf(address));
      const [socket, log] = [join(dir, `${address}.ctl`), join(dir, `${address}.log`)];
      neighbors.set(address, await lab.node(address).startBird({ binary: 'bird', configFile, socket, log }));
    }
    await mkdir(join(dir, 'overlay', 'bird1'), { recursive: true });
    await writeFile(join(dir, 'overlay', 'bird1', 'extra-peer.hbs'), `  ${QUICK}\n`);
    const options = ['--node', 'node-a', '--endpoints', etcd.endpoint, '--templates-overlay', join(dir, 'overlay')];
    birdconfd = await startCalicoNode(lab.node(NODE), { dir: join(dir, 'node-a'), datastore: options });
    bird = (await birdconfd.startBirds()).bird;
    await knows(true);
    await isConverged();
  });
  afterAll(async () => {
    await birdconfd?.stop();
    await lab?.down();
    await etcd?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('a change that kills every import is taken back, and held until the data say something else', async () => {
    const before = await config();
    await keepsSessions(async () => {
      await put(REJECTS);
      await isHeld('refused');
      expect((await status()).hold?.summary).toContain('none of 3 routes');
      expect(await config()).toBe(before);
      await knows(true);
      await put(accepts('10.32.0.0/11'));
      await isConverged();
      expect(await config()).toContain('10.32.0.0/11');
      await knows(true);
    });
  });

  it('an operator who knows better has it tried again', async () => {
    await keepsSessions(async () => {
      await put(REJECTS);
      await isHeld('refused');
      expect(await ask('resume', '--target', 'bird')).toMatchObject({ code: 6, out: /held \(refused\): none of 3/ });
      await knows(true);
      await tell(false);
      await knows(false);
      // Nothing is left that it could cost.
      expect(await ask('resume', '--target', 'bird')).toMatchObject({ code: 0, out: 'bird: confirmed\n' });
      await isConverged();
      await put(accepts('10.48.0.0/16'));
      await isConverged();
      await tell(true);
      await knows(true);
    });
  });

  it('no session goes when everything but its own Node is deleted, and what is new arrives', async () => {
    const before = await names();
    await keepsSessions(async () => {
      for (const [key] of CLUSTER.filter((entry) => entry !== OWN_NODE)) await etcd.client.delete().key(key);
      // That the release is unknown then is one more reason.
      await isHeld('no-peers', 'release-unknown');
      await put(neighbor(ABSENT[0]!, 64513), block('node-a', '10.48.2.0/26'));
      await eventually(async () => {
        expect(await names()).toEqual([...before, session(ABSENT[0]!)].sort());
        for (const { ip } of ADDRESSES.map(lab.node)) expect(await ip('route')).toContain('10.48.2.0/26 via');
      }, ARRIVES);
      await knows(true);
      await put(...CLUSTER);
      await isConverged();
      expect(await names()).toEqual([...before, session(ABSENT[0]!)].sort());
      await etcd.client.delete().key(neighbor(ABSENT[0]!, 64513)[0]);
      await eventually(async () => expect(await names()).toEqual(before), ARRIVES);
    });
  });

  it('nothing is written while its own Node is deleted, with everything else or alone', async () => {
    const before = await config();
    await keepsSessions(async () => {
      for (const prefix of [OWN_NODE[0], '/calico/']) {
        await etcd.client.delete().prefix(prefix);
        await becomes({ state: 'node-unknown', ready: false });
        await put(neighbor(ABSENT[1]!, 64513));
        expect(await config()).toBe(before);
        // The Node first: what the others say is missing then.
        await put(OWN_NODE);
        await eventually(async () => expect(await config()).toContain(ABSENT[1]), ARRIVES);
        await put(...CLUSTER);
        await isConverged();
        await etcd.client.delete().key(neighbor(ABSENT[1]!, 64513)[0]);
        await eventually(async () => expect((await names()).length).toBe(ADDRESSES.length), ARRIVES);
      }
    });
  });

  it('no session goes when etcd is restored from an old state, and what is new arrives', async () => {
    const member = join(dir, 'etcd', 'member');
    await put(neighbor('10.192.0.200', 64513));
    await etcd.shutDown();
    await cp(member, join(dir, 'kept'), { recursive: true });
    await etcd.restart();
    await etcd.client.delete().key(neighbor('10.192.0.200', 64513)[0]);
    await put(...ABSENT.map((address) => neighbor(address, 64513)));
    await eventually(async () => expect((await names()).length).toBe(ADDRESSES.length + ABSENT.length), ARRIVES);
    const before = await names();
    await keepsSessions(async () => {
      await etcd.kill9();
      await rm(member, { recursive: true });
      await cp(join(dir, 'kept'), member, { recursive: true });
      await etcd.restart();
      await isHeld('many-gone');
      await put(neighbor('10.192.0.199', 64513));
      const added = ['10.192.0.199', '10.192.0.200'].map(session);
      await eventually(async () => expect(await names()).toEqual([...before, ...added].sort()), ARRIVES);
      expect(await ask('approve', '--target', 'bird')).toMatchObject({ code: 0, out: 'bird: confirmed\n' });
      expect(await names()).toEqual([...ADDRESSES.map(session), ...added].sort());
      await isConverged();
    });
  });
});
