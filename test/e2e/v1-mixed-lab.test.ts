import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CalicoNode, startCalicoNode } from '../../scripts/lab/calico-node.mjs';
import { type Lab, type LabBird, labUp } from '../../scripts/lab/lab.mjs';
import { block, configuration, node, pool } from '../support/cluster.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { EtcdV2Keys } from '../support/etcd-v2-keys.ts';
import { eventually } from '../support/eventually.ts';

/** A BIRD that lost a session waits up to five seconds before it tries again, and the machine is shared. */
const ARRIVES = { timeoutMs: 45_000 };

const HOSTS = { old: '10.193.0.11', migrated: '10.193.0.12', today: '10.193.0.13' };
const BLOCKS = { old: '10.58.1.0/26', migrated: '10.58.2.0/26', today: '10.58.3.0/26' };
type NodeName = keyof typeof HOSTS;
const NAMES = Object.keys(HOSTS) as NodeName[];

/** The cluster as calicoctl and the nodes of v0.22 wrote it. */
const V1: Readonly<Record<string, string>> = {
  '/calico/bgp/v1/global/as_num': '64512',
  '/calico/bgp/v1/global/node_mesh': '{"enabled": true}',
  '/calico/v1/ipam/v4/pool/10.58.0.0-16': '{"cidr": "10.58.0.0/16"}',
  ...Object.fromEntries(NAMES.map((name) => [`/calico/bgp/v1/host/${name}/ip_addr_v4`, HOSTS[name]])),
  ...Object.fromEntries(
    NAMES.map((name) => [`/calico/ipam/v2/host/${name}/ipv4/block/${BLOCKS[name].replace('/', '-')}`, '']),
  ),
};

/** The same cluster as Calico of today keeps it. */
const V3 = [
  configuration('default', { asNumber: 64512 }),
  pool('main', '10.58.0.0/16', { ipipMode: 'Never' }),
  ...NAMES.map((name) => node(name, `${HOSTS[name]}/24`)),
  ...NAMES.map((name) => block(name, BLOCKS[name])),
];

/** Without it nothing can be migrated. `npm test` installs it where it can. */
const withoutEtcdctl = spawnSync('etcdctl', ['version']).error !== undefined;
if (withoutEtcdctl) console.warn('no etcdctl here (Debian: etcd-client): the mixed lab is skipped');

const cleanups: (() => Promise<unknown>)[] = [];
const nodes = new Map<NodeName, CalicoNode>();
const birds = new Map<NodeName, LabBird>();
let lab: Lab;

/** etcd with the data in its v2 store, another whose v3 store has them by `etcdctl migrate`, and one with today's resources. */
async function startEtcds(dir: string): Promise<Readonly<Record<NodeName, EtcdServer>>> {
  const start = async (options: Parameters<typeof startEtcd>[0]) => {
    const etcd = await startEtcd(options);
    cleanups.push(() => etcd.stop());
    return etcd;
  };
  const old = await start({ v2: true, dataDir: join(dir, 'v2') });
  await new EtcdV2Keys(old.endpoint).putAll(V1);
  await old.shutDown();
  await cp(join(dir, 'v2'), join(dir, 'migrated'), { recursive: true });
  const env = { ...process.env, ETCDCTL_API: '3' };
  await promisify(execFile)('etcdctl', ['migrate', '--data-dir', join(dir, 'migrated')], { env });
  await old.restart();
  const migrated = await start({ dataDir: join(dir, 'migrated') });
  const today = await start({});
  for (const [key, value] of V3) await today.client.put(key).value(value);
  return { old, migrated, today };
}

beforeAll(async () => {
  if (withoutEtcdctl) return;
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-mixed-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const etcds = await startEtcds(dir);
  lab = await labUp({ nodes: NAMES.map((name) => ({ name, address: `${HOSTS[name]}/24` })) });
  cleanups.push(() => lab.down());
  await Promise.all(
    NAMES.map(async (name) => {
      const store = name === 'old' ? ['--datastore', 'etcdv2'] : [];
      const datastore = [...store, '--endpoints', etcds[name].endpoint];
      const started = await startCalicoNode(lab.node(name), { dir: join(dir, name), datastore });
      cleanups.push(() => started.stop());
      nodes.set(name, started);
      birds.set(name, (await started.startBirds()).bird);
    }),
  );
}, 120_000);

afterAll(async () => {
  for (const end of cleanups.splice(0).reverse()) await end();
});

describe.skipIf(withoutEtcdctl)('a cluster on its way from v0.22 to today, one node in each state', () => {
  it('has all sessions up, and every node the blocks of the others', async () => {
    await eventually(async () => {
      for (const name of NAMES) {
        const bird = birds.get(name) ?? expect.fail(`${name} has no BIRD`);
        const others = NAMES.filter((other) => other !== name);
        const sessions = (await bird.protocols()).filter(({ proto }) => proto === 'BGP');
        expect(Object.fromEntries(sessions.map((each) => [each.name, each.info])), name).toEqual(
          Object.fromEntries(others.map((other) => [`Mesh_${HOSTS[other].replaceAll('.', '_')}`, 'Established'])),
        );
        const routes = await bird.routes();
        const kernel = await lab.node(name).ip('route');
        for (const other of others) {
          expect(routes, name).toContainEqual(
            expect.objectContaining({ prefix: BLOCKS[other], via: `via ${HOSTS[other]} on eth0` }),
          );
          expect(kernel, name).toContain(`${BLOCKS[other]} via ${HOSTS[other]} dev eth0`);
        }
      }
    }, ARRIVES);
  }, 60_000);

  it('has told every daemon, and left nothing owed', () => {
    for (const each of nodes.values()) {
      const passes = each.events().filter(({ event }) => event.startsWith('pass'));
      for (const target of ['bird', 'bird6']) {
        expect(passes.filter((event) => event.target === target).at(-1)).toMatchObject({ outcome: 'confirmed' });
      }
      expect(each.events().filter(({ level }) => level === 'error')).toEqual([]);
    }
  });
});
