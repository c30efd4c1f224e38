import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CalicoNode, startCalicoNode } from '../../scripts/lab/calico-node.mjs';
import { type Lab, type LabBird, labUp, type Protocol } from '../../scripts/lab/lab.mjs';
import { isSameTime } from '../../scripts/lab/tables.mjs';
import { affinityKey, type ResourceKind, resourceKey } from '../../src/core/keys.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';

/** A BIRD that lost a session waits up to five seconds before it tries again, and the machine is shared. */
const ARRIVES = { timeoutMs: 45_000 };

const HOSTS = { 'node-a': '10.192.0.11', 'node-b': '10.192.0.12', 'node-c': '10.192.0.13', router: '10.192.0.101' };
const BLOCKS = { 'node-a': '10.48.1.0/26', 'node-b': '10.48.2.0/26', 'node-c': '10.48.3.0/26' };
type NodeName = keyof typeof BLOCKS;

const mesh = (other: NodeName) => `Mesh_${HOSTS[other].replaceAll('.', '_')}`;
const ROUTER = `Global_${HOSTS.router.replaceAll('.', '_')}`;

const routerConfig = (asNumber: number) => `
router id ${HOSTS.router};
protocol device { }
protocol direct { interface "eth0"; }
template bgp node { local as ${asNumber}; source address ${HOSTS.router}; passive on; error wait time 1,2; import all; export none; }
protocol bgp node_a from node { neighbor ${HOSTS['node-a']} as 64512; }
protocol bgp node_b from node { neighbor ${HOSTS['node-b']} as 64512; }
protocol bgp node_c from node { neighbor ${HOSTS['node-c']} as 64512; }
`;

let dir: string;
let etcd: EtcdServer;
let lab: Lab;
let router: LabBird;
const nodes = new Map<NodeName, CalicoNode>();
const birds = new Map<NodeName, LabBird>();

async function put(kind: ResourceKind, name: string, spec: object): Promise<void> {
  const value = { apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec };
  await etcd.client.put(resourceKey(kind, name)).value(JSON.stringify(value));
}
const putBlock = async (node: NodeName, cidr: string) => {
  await etcd.client.put(affinityKey(node, cidr)).value(JSON.stringify({ state: 'confirmed', deleted: false }));
};
const putPool = (name: string, cidr: string) => put('IPPool', name, { cidr, ipipMode: 'Never', vxlanMode: 'Never' });
const putRouter = (asNumber: number) => put('BGPPeer', 'router', { peerIP: HOSTS.router, asNumber });

/** The resources of a node, then its birdconfd, then its BIRDs. */
async function addNode(name: NodeName): Promise<void> {
  await put('Node', name, { bgp: { ipv4Address: `${HOSTS[name]}/24` } });
  await putBlock(name, BLOCKS[name]);
  const node = await startCalicoNode(lab.node(name), {
    dir: join(dir, name),
    datastore: ['--endpoints', etcd.endpoint],
  });
  nodes.set(name, node);
  birds.set(name, (await node.startBirds()).bird);
}

async function writeRouter(asNumber: number): Promise<string> {
  await writeFile(join(dir, 'router.conf'), routerConfig(asNumber));
  return join(dir, 'router.conf');
}

const birdOf = (name: NodeName): LabBird => birds.get(name) ?? expect.fail(`${name} has no BIRD`);
const sessionsOf = async (name: NodeName): Promise<readonly Protocol[]> =>
  (await birdOf(name).protocols()).filter((row) => row.proto === 'BGP');

/** Every session of `name` is one of these, and Established. */
async function expectSessions(name: NodeName, ...sessions: readonly string[]): Promise<void> {
  const found = (await sessionsOf(name)).map((row) => [row.name, row.info]);
  expect(Object.fromEntries(found), name).toEqual(Object.fromEntries(sessions.map((each) => [each, 'Established'])));
}
async function expectRoute(bird: LabBird, prefix: string, owner: NodeName): Promise<void> {
  const ways = (await bird.routes()).filter((route) => route.prefix === prefix).map((route) => route.via);
  expect(ways, prefix).toContain(`via ${HOSTS[owner]} on eth0`);
}

type Kept = readonly (readonly [node: NodeName, session: string])[];

/**
 * Runs `change`, and expects that none of these sessions went down meanwhile: neither by what BIRD shows, nor by its log. Routes
 * may be sent anew over a session that stays, as after a change of filters.
 */
async function withoutTouching(kept: Kept, change: () => Promise<void>): Promise<void> {
  const look = async ([node, name]: Kept[number]) => {
    const row = (await sessionsOf(node)).find((session) => session.name === name);
    return { node, name, info: row?.info, since: row?.since ?? '', timesDown: birdOf(node).timesDown(name) };
  };
  const before = await Promise.all(kept.map(look));
  expect(before.map(({ info }) => info)).toEqual(kept.map(() => 'Established'));
  await change();
  const after = await Promise.all(kept.map(look));
  after.forEach(({ since, ...rest }, i) => {
    const { since: sinceBefore, ...restBefore } = before[i] ?? expect.fail('looked less often before');
    expect(rest).toEqual(restBefore);
    expect(isSameTime(since, sinceBefore), `${rest.node} ${rest.name}: ${sinceBefore}, then ${since}`).toBe(true);
  });
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'birdconfd-e2e-'));
  etcd = await startEtcd();
  lab = await labUp({ nodes: Object.entries(HOSTS).map(([name, host]) => ({ name, address: `${host}/24` })) });
  const configFile = await writeRouter(64999);
  const places = { socket: join(dir, 'router.ctl'), log: join(dir, 'router.log') };
  router = await lab.node('router').startBird({ binary: 'bird', configFile, ...places });
  await put('BGPConfiguration', 'default', { asNumber: 64512, logSeverityScreen: 'Info', nodeToNodeMeshEnabled: true });
  await putPool('default', '10.48.0.0/16');
  await putRouter(64999);
});

afterAll(async () => {
  await Promise.all([...nodes.values()].map((node) => node.stop()));
  await lab?.down();
  await etcd?.stop();
  await rm(dir, { recursive: true, force: true });
});

describe('a cluster in etcd, with a birdconfd and a BIRD on every node', () => {
  it('comes up: sessions and routes', async () => {
    await Promise.all([addNode('node-a'), addNode('node-b')]);
    await eventually(async () => {
      await expectSessions('node-a', mesh('node-b'), ROUTER);
      await expectSessions('node-b', mesh('node-a'), ROUTER);
      await expectRoute(birdOf('node-a'), BLOCKS['node-b'], 'node-b');
      await expectRoute(birdOf('node-b'), BLOCKS['node-a'], 'node-a');
      await expectRoute(router, BLOCKS['node-a'], 'node-a');
    }, ARRIVES);
  });

  it('takes in another node', async () => {
    const kept = [
      ['node-a', mesh('node-b')],
      ['node-a', ROUTER],
      ['node-b', mesh('node-a')],
      ['node-b', ROUTER],
    ] as const;
    await withoutTouching(kept, async () => {
      await addNode('node-c');
      await eventually(async () => {
        await expectSessions('node-a', mesh('node-b'), mesh('node-c'), ROUTER);
        await expectSessions('node-b', mesh('node-a'), mesh('node-c'), ROUTER);
        await expectSessions('node-c', mesh('node-a'), mesh('node-b'), ROUTER);
        await expectRoute(birdOf('node-a'), BLOCKS['node-c'], 'node-c');
        await expectRoute(birdOf('node-c'), BLOCKS['node-b'], 'node-b');
        await expectRoute(router, BLOCKS['node-c'], 'node-c');
      }, ARRIVES);
    });
  });

  it("follows a peer to another AS: that peer's sessions start again, and no others", async () => {
    const timesDown = () => [...nodes.keys()].map((name) => birdOf(name).timesDown(ROUTER));
    const before = timesDown();
    const kept = [
      ['node-a', mesh('node-b')],
      ['node-b', mesh('node-c')],
      ['node-c', mesh('node-a')],
    ] as const;
    await withoutTouching(kept, async () => {
      await putRouter(64998);
      await writeRouter(64998);
      await router.ask('configure');
      await eventually(async () => {
        const config = readFileSync(nodes.get('node-a')?.configFile ?? '', 'utf8');
        expect(config).toContain(`neighbor ${HOSTS.router} as 64998;`);
        // More than once where the router's farewell comes before the new configuration.
        for (const [i, times] of timesDown().entries()) expect(times).toBeGreaterThan(before[i] ?? 0);
        for (const name of nodes.keys()) {
          expect(await sessionsOf(name)).toContainEqual(expect.objectContaining({ name: ROUTER, info: 'Established' }));
        }
        await expectRoute(router, BLOCKS['node-c'], 'node-c');
      }, ARRIVES);
    });
  });

  it('announces a block of a pool that is added', async () => {
    const all = [...nodes.keys()].flatMap((node) => [
      [node, ROUTER] as const,
      ...[...nodes.keys()].filter((other) => other !== node).map((other) => [node, mesh(other)] as const),
    ]);
    await withoutTouching(all, async () => {
      await putPool('second', '10.49.0.0/16');
      await putBlock('node-b', '10.49.7.64/26');
      await eventually(async () => {
        for (const bird of [birdOf('node-a'), birdOf('node-c'), router])
          await expectRoute(bird, '10.49.7.64/26', 'node-b');
        expect(await lab.node('node-a').ip('route')).toContain(`10.49.7.64/26 via ${HOSTS['node-b']} dev eth0`);
      }, ARRIVES);
    });
  });

  it('drops a peer that is removed, and nothing else', async () => {
    const kept = [
      ['node-a', mesh('node-b')],
      ['node-b', mesh('node-c')],
      ['node-c', mesh('node-a')],
    ] as const;
    await withoutTouching(kept, async () => {
      await etcd.client.delete().key(resourceKey('BGPPeer', 'router'));
      await eventually(async () => {
        await expectSessions('node-a', mesh('node-b'), mesh('node-c'));
        await expectSessions('node-b', mesh('node-a'), mesh('node-c'));
        await expectSessions('node-c', mesh('node-a'), mesh('node-b'));
        expect((await router.routes()).map((route) => route.prefix)).toEqual(['10.192.0.0/24']);
      }, ARRIVES);
    });
  });

  it('has told every daemon, and left nothing owed', async () => {
    for (const node of nodes.values()) {
      const passes = node.events().filter((event) => event.event.startsWith('pass'));
      for (const target of ['bird', 'bird6']) {
        expect(passes.filter((event) => event.target === target).at(-1)).toMatchObject({ outcome: 'confirmed' });
      }
      expect(node.events().filter((event) => event.level === 'error')).toEqual([]);
    }
  });
});
