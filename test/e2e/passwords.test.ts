import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CalicoNode, startCalicoNode } from '../../scripts/lab/calico-node.mjs';
import { type Lab, type LabBird, labUp } from '../../scripts/lab/lab.mjs';
import { configuration, node, peer } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

/** A BIRD that lost a session waits up to five seconds before it tries again, and the machine is shared. */
const ARRIVES = { timeoutMs: 45_000 };

const [NODE, ROUTER] = ['10.193.0.11', '10.193.0.101'];
const SESSION = 'Global_10_193_0_101';

let dir: string;
let lab: Lab;
let router: LabBird;
let bird: LabBird;
let service: CalicoNode;

const path = (name: string) => join(dir, name);
const config = () => readFile(service.configFile, 'utf8');

async function writeRouter(password: string): Promise<string> {
  const session = `protocol bgp node { local as 64999; neighbor ${NODE} as 64512; password "${password}"; import all; export none; }`;
  await writeFile(path('router.conf'), `router id ${ROUTER};\nprotocol device { }\n${session}\n`);
  return path('router.conf');
}

/** As kubelet puts a file of a Secret there. */
async function writeSecret(password: string): Promise<void> {
  await mkdir(path('secrets/bgp'), { recursive: true });
  await writeFile(path('next'), password);
  await rename(path('next'), path('secrets/bgp/rack'));
}

async function startService(): Promise<void> {
  await rm(path('node/birdconfd.log'), { force: true });
  const datastore = ['--input', path('etcd.json'), '--secrets-dir', path('secrets'), '--bird', '1.6'];
  service = await startCalicoNode(lab.node('node-a'), { dir: path('node'), datastore });
}

const isEstablished = () =>
  eventually(async () => {
    const found = (await bird.protocols()).find(({ name }) => name === SESSION);
    expect(found?.info).toBe('Established');
  }, ARRIVES);

/** It is told after the pass that it is about, so what was to happen to the files and to BIRD has happened. */
const told = (event: string) =>
  eventually(() => {
    const codes = service
      .events()
      .flatMap((each) => (each.event === event && each.target === 'bird' ? [each.code] : []));
    expect(codes).toContain('password-kept');
  }, ARRIVES);

/** Expects that the session stays up through `change`, and the file as it is. */
async function untouched(change: () => Promise<void>): Promise<void> {
  const [text, timesDown] = [await config(), bird.timesDown(SESSION)];
  await change();
  await isEstablished();
  expect(bird.timesDown(SESSION)).toBe(timesDown);
  expect(await config()).toBe(text);
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'birdconfd-e2e-'));
  lab = await labUp({
    nodes: [
      { name: 'node-a', address: `${NODE}/24` },
      { name: 'router', address: `${ROUTER}/24` },
    ],
  });
  const entries = [
    node('node-a', `${NODE}/24`),
    configuration('default', { nodeToNodeMeshEnabled: false }),
    peer('router', { peerIP: ROUTER, asNumber: 64999, password: { secretKeyRef: { name: 'bgp', key: 'rack' } } }),
  ];
  await writeFile(path('etcd.json'), JSON.stringify(Object.fromEntries(entries)));
  await writeSecret('one');
  const places = { socket: path('router.ctl'), log: path('router.log') };
  router = await lab.node('router').startBird({ binary: 'bird', configFile: await writeRouter('one'), ...places });
  await startService();
  ({ bird } = await service.startBirds());
  await isEstablished();
});

afterAll(async () => {
  await service?.stop();
  await lab?.down();
  await rm(dir, { recursive: true, force: true });
});

describe('a session whose Secret goes', () => {
  it('stays up with the password that it has', async () => {
    await untouched(async () => {
      await rm(path('secrets/bgp/rack'));
      await told('diagnostic');
    });
  });

  it('stays up over a restart, and where the secrets are not mounted at all', async () => {
    const restart = async () => {
      await service.stop();
      await startService();
      await told('diagnostic');
    };
    await untouched(restart);
    await rename(path('secrets'), path('unmounted'));
    await untouched(restart);
    expect(await readFile(path('node/state/bird.json'), 'utf8')).not.toContain('one');
  });

  it('keeps it over another change of the same session', async () => {
    const timesDown = bird.timesDown(SESSION);
    const entries = JSON.parse(await readFile(path('etcd.json'), 'utf8'));
    const [key, value] = configuration('default', { nodeToNodeMeshEnabled: false, ipv4NormalRoutePriority: 2000 });
    await writeFile(path('next'), JSON.stringify({ ...entries, [key]: value }));
    await rename(path('next'), path('etcd.json'));
    await eventually(async () => expect(await config()).toContain('2000'), ARRIVES);
    await isEstablished();
    expect(await config()).toContain('password "one";');
    expect(bird.timesDown(SESSION)).toBe(timesDown);
  });

  it('takes another value when the Secret comes back', async () => {
    await writeSecret('two');
    await told('diagnostic-cleared');
    await eventually(async () => expect(await config()).toContain('password "two";'), ARRIVES);
    await writeRouter('two');
    await router.ask('configure');
    await eventually(async () => {
      const rows = [...(await bird.protocols()), ...(await router.protocols())].filter(({ proto }) => proto === 'BGP');
      expect(rows.map(({ info }) => info)).toEqual(['Established', 'Established']);
    }, ARRIVES);
  });
});
