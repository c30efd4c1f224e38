import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CalicoNode, startCalicoNode } from '../../scripts/lab/calico-node.mjs';
import { type Lab, type LabBird, labUp } from '../../scripts/lab/lab.mjs';
import { runCli } from '../support/cli.ts';
import { block, configuration, information, node, peer, pool } from '../support/cluster.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { QUICK } from '../support/quick-neighbor.ts';

const README = new URL('../../README.md', import.meta.url);
/** Makes the pictures what a terminal shows now; people look at the difference. */
const UPDATES = Boolean(process.env.UPDATE_PICTURES) && !process.env.CI;
const ARRIVES = { timeoutMs: 60_000 };

const [NODE, OTHER, TOR] = ['192.0.2.3', '192.0.2.2', '192.0.2.254'];
const [NODE6, OTHER6] = ['2001:db8::3', '2001:db8::2'];

const other = (more: Readonly<Record<string, unknown>> = { ipv6Address: `${OTHER6}/64` }) =>
  node('worker-2', `${OTHER}/24`, more);
const tor = (name: string, peerIP: string) => peer(name, { node: 'worker-3', peerIP, asNumber: 64999 });

const CLUSTER = [
  information('v3.33.0'),
  configuration('default', { asNumber: 64512 }),
  node('worker-3', `${NODE}/24`, { ipv6Address: `${NODE6}/64` }),
  other(),
  tor('tor-a', TOR),
  pool('default', '10.48.0.0/16'),
  block('worker-3', '10.48.3.0/26'),
] as const;

const speaker = (id: string, asNumber: number, [own, theirs]: readonly [string, string]) => `router id ${id};
protocol device { }
protocol bgp node { local as ${asNumber}; source address ${own}; neighbor ${theirs} as 64512; multihop; ${QUICK} }
`;

/** What differs from run to run, in words of the same width. */
function normalised(text: string): string {
  const known: string[] = [];
  const digests = ['3f9c2a71d0be', '77aa2c41e95d', '0c4be18d62f7', 'b815f3d09a2e'];
  return text
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, '2026-11-22 10:02:11Z')
    .replace(/(?<=\| )\d\d:\d\d:\d\d(?= \|)/g, '10:02:12')
    .replace(/pid \d+/g, 'pid 4711')
    .replace(/(?<=127\.0\.0\.1:)\d+/g, '2379')
    .replace(/\b[0-9a-f]{12}\b/g, (digest) => {
      if (!known.includes(digest)) known.push(digest);
      return digests[known.indexOf(digest)] ?? digest;
    });
}

/** The README's picture of that name: what stands in the fence behind its mark. */
const picturePattern = (name: string) => new RegExp(`(<!-- picture: ${name} -->\n\`\`\`\n)([^]*?)(\`\`\`\n)`);

describe('what the README shows', () => {
  let dir: string;
  let etcd: EtcdServer;
  let lab: Lab;
  let birdconfd: CalicoNode;
  const routers = new Map<string, LabBird>();

  const put = async (...entries: readonly (readonly [string, string])[]) => {
    for (const [key, value] of entries) await etcd.client.put(key).value(value);
  };
  const place = () => join(dir, 'worker-3');
  const where = () => ['--state-dir', join(place(), 'state')];
  const status = async () => (await runCli(['status', ...where()])).out;
  const plan = async () => {
    const data = [
      '--endpoints',
      etcd.endpoint,
      '--node',
      'worker-3',
      '--bird',
      '1.6',
      '--output',
      join(place(), 'etc'),
    ];
    const { out, err } = await runCli(['plan', ...data, ...where()]);
    return `${err}${out}`;
  };
  /** Takes the picture once it shows all of these, and compares it with the README's. */
  const picture = async (name: string, command: string, take: () => Promise<string>, shows: readonly RegExp[]) => {
    const seen = async () => `$ birdconfd ${command}\n${normalised(await take())}`;
    const text = await readFile(README, 'utf8');
    const [, , there] = picturePattern(name).exec(text) ?? expect.fail(`README.md has no <!-- picture: ${name} -->`);
    if (UPDATES) {
      const taken = await eventually(async () => {
        const now = await seen();
        for (const each of shows) expect(now).toMatch(each);
        return now;
      }, ARRIVES);
      await writeFile(
        README,
        text.replace(picturePattern(name), (_, start, __, end) => `${start}${taken}${end}`),
      );
      return;
    }
    for (const each of shows) expect(there).toMatch(each);
    await eventually(async () => expect(await seen()).toBe(there), ARRIVES);
  };

  const startRouter = async (name: string, at: string, binary: string, config: string) => {
    const file = (kind: string) => join(dir, `${name}.${kind}`);
    await writeFile(file('conf'), config);
    const files = { configFile: file('conf'), socket: file('ctl'), log: file('log') };
    routers.set(name, await lab.node(at).startBird({ binary, ...files }));
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-pictures-'));
    etcd = await startEtcd();
    await put(...CLUSTER);
    lab = await labUp({
      nodes: [
        { name: 'worker-3', address: `${NODE}/24` },
        { name: 'worker-2', address: `${OTHER}/24` },
        { name: 'tor', address: `${TOR}/24` },
      ],
    });
    await lab.node('worker-3').ip(`address add ${NODE6}/64 dev eth0 nodad`);
    await lab.node('worker-2').ip(`address add ${OTHER6}/64 dev eth0 nodad`);
    await startRouter('other', 'worker-2', 'bird', speaker(OTHER, 64512, [OTHER, NODE]));
    await startRouter('other6', 'worker-2', 'bird6', speaker(OTHER, 64512, [OTHER6, NODE6]));
    await startRouter('tor', 'tor', 'bird', speaker(TOR, 64999, [TOR, NODE]));
    const datastore = ['--endpoints', etcd.endpoint, '--bird', '1.6'];
    birdconfd = await startCalicoNode(lab.node('worker-3'), { dir: place(), datastore });
    await birdconfd.startBirds();
  });

  afterAll(async () => {
    await birdconfd?.stop();
    await lab?.down();
    await etcd?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('is a node on which all is well', () =>
    picture('status', 'status', status, [
      /bird {3}\| converged .* yes /,
      /bird6 {2}\| converged .* yes /,
      /192\.0\.2\.254 +\| node specific .* Established/,
      /2001:db8::2 +\| node-to-node mesh .* Established/,
    ]));

  it('is a plan that is held, in what the service says and as a text', async () => {
    await put(other({}));
    await picture('held', 'status', status, [
      /bird6 {2}\| held .* no /,
      /bird6: held since .* \(no-peers\): /,
      /removed {4}Mesh_2001_db8__2/,
    ]);
    await picture('plan', 'plan', plan, [/bird6: commit, reload, held \(no-peers\)/, /^-.*neighbor 2001:db8::2/m]);
    await put(other());
    await eventually(async () => expect(await status()).toMatch(/bird6 {2}\| converged/), ARRIVES);
  });

  it('is a node in trouble', async () => {
    await put(tor('tor-b', '192.0.2.999'));
    await eventually(async () => expect(await status()).toContain('invalid-value'), ARRIVES);
    await routers.get('tor')?.stop();
    await etcd.shutDown();
    await picture('degraded', 'status', status, [
      /The data are stale since /,
      /error invalid-value .*tor-b/,
      /192\.0\.2\.254 +\| node specific .* start .* Active Socket: Connection refused/,
    ]);
  });
});
