import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askService } from '../../src/control/client.ts';
import { startBird, type TestBird } from '../support/bird.ts';
import { runCli, startCli } from '../support/cli.ts';
import { configuration, node, peer, SMALL_CLUSTER } from '../support/cluster.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { BOOT_CONFIG } from '../support/target-bench.ts';

/** Everything that nobody but BIRD and etcd may be told. */
const SECRETS = {
  etcd: 'etcd-Ahy5ooYu',
  wrong: 'wrong-Ohgh7Iev',
  kubernetes: 'kube-uZ4aeKae',
  mounted: 'mount-Xei3Aihu',
  rotated: 'rotate-ieNg9ooX',
  unquotable: 'quo"te-Ohb2Thi1',
  malformed: '!!bad-Eed7quah!!',
  foreign: 'foreign-phieB6ai',
} as const;

const AUTH = { user: 'birdconfd', password: SECRETS.etcd, prefix: '/calico/' };
const LATER = { timeoutMs: 60_000 };

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Each in every form in which it could be shown; of what holds a quote also the part behind it. */
const FORMS = Object.entries(SECRETS).flatMap(([name, value]) =>
  [value, base64(value), JSON.stringify(value).slice(1, -1), value.replace(/^[^-]*-/, '')].map((form) => ({
    name,
    form,
  })),
);

let dir: string;
let etcd: EtcdServer;
let bird: TestBird;
let bird6: TestBird;
let service: ReturnType<typeof startCli>;
const shown = new Map<string, string>();

const path = (name: string) => join(dir, name);
const environment = { ETCD_USERNAME: AUTH.user, ETCD_PASSWORD: AUTH.password, NAMESPACE: 'kube-system' };
const datastore = () => [
  ...['--endpoints', etcd.endpoint, '--node', 'node-a', '--bird', '1.6'],
  ...['--input', path('secret.json'), '--secrets-dir', path('secrets')],
];
const places = () => [
  ...['--output', bird.dir, '--state-dir', path('state')],
  ...['--bird-socket', bird.socket, '--bird6-socket', bird6.socket],
];

/** Runs a verb and keeps all that it says; its exit code must be one of `codes`. */
async function run(codes: readonly number[], args: readonly string[], env: Record<string, string> = environment) {
  const { code, out, err } = await runCli(args, { env, cwd: dir });
  const name = `${shown.size} birdconfd ${args.filter((arg) => !arg.startsWith('/')).join(' ')}`;
  shown.set(name, `${out}\n${err}`);
  expect(codes, `${name}: ${out}${err}`).toContain(code);
  return out;
}

const withPassword = (name: string, key: string) => ({ password: { secretKeyRef: { name, key } } });

const DATA = [
  ...SMALL_CLUSTER.filter(([key]) => !key.includes('bgpconfigurations')),
  configuration('default', { nodeToNodeMeshEnabled: false }),
  node('node-a', '192.0.2.1/24'),
  peer('kubernetes', { peerIP: '192.0.2.11', asNumber: 64999, ...withPassword('kube', 'rack') }),
  peer('mounted', { peerIP: '192.0.2.12', asNumber: 64999, ...withPassword('mounted', 'rack') }),
  peer('unquotable', { peerIP: '192.0.2.13', asNumber: 64999, ...withPassword('kube', 'quote') }),
  peer('malformed', { peerIP: '192.0.2.14', asNumber: 64999, ...withPassword('bad', 'rack') }),
] as const;

const secret = (name: string, data: Readonly<Record<string, string>>) => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'kube-system' } },
  data,
});

const status = async () => JSON.parse((await askService(path('state'), 'GET', '/status')).text);
const becomes = (state: string) => eventually(async () => expect((await status()).targets[0].state).toBe(state), LATER);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'birdconfd-secrets-'));
  etcd = await startEtcd({ auth: AUTH });
  for (const [key, value] of DATA) await etcd.client.put(key).value(value);
  const { kubernetes, unquotable, malformed, foreign } = SECRETS;
  const items = [
    secret('kube', { rack: base64(kubernetes), quote: base64(unquotable) }),
    secret('bad', { rack: malformed }),
  ];
  await writeFile(path('secret.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await mkdir(path('secrets/mounted'), { recursive: true });
  await writeFile(path('secrets/mounted/rack'), `${SECRETS.mounted}\n`);
  // What ran here before us: a session that the data do not know, on one line as nobody but a person writes it.
  const old = `protocol bgp tor_before { local as 64512; neighbor 192.0.2.99 as 64999; password "${foreign}"; }\n`;
  bird = await startBird(BOOT_CONFIG + old);
  await writeFile(join(bird.dir, 'bird6.conf'), BOOT_CONFIG);
  bird6 = await startBird(BOOT_CONFIG, '/usr/sbin/bird6', { configFile: join(bird.dir, 'bird6.conf') });
}, 60_000);

afterAll(async () => {
  await service?.stop('SIGKILL');
  await bird6?.stop();
  await bird?.stop();
  await etcd?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** The texts of all files below a folder. */
async function textsBelow(folder: string): Promise<readonly (readonly [string, string])[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const));
}

describe('no output of any verb, by a user that may only read /calico/ in etcd,', () => {
  it('is wanting: each is asked for everything it can show', async () => {
    const revision = (await etcd.client.get('none').exec()).header.revision;
    const debug = ['--log-level', 'debug'];
    await run([2], ['plan', ...datastore(), ...places()]);
    await run([2], ['plan', '--json', ...datastore(), ...places()]);
    const args = ['run', ...datastore(), ...places(), ...debug, '--metrics-per-peer', '--history', '5'];
    service = startCli(args, { env: environment });
    await becomes('held');
    await run([0], ['status', ...places().slice(2)]);
    await run([1], ['status', '--ready', ...places().slice(2)]);
    await run([0, 6], ['support', path('held'), ...datastore(), ...places()]);
    await run([0], ['approve', '--state-dir', path('state')]);
    await becomes('converged');
    expect(await readFile(join(bird.dir, 'bird.conf'), 'utf8')).toMatch(
      new RegExp(`password "${SECRETS.kubernetes}"[\\s\\S]*password "${SECRETS.mounted}"`),
    );

    await writeFile(path('next'), SECRETS.rotated);
    await rename(path('next'), path('secrets/mounted/rack'));
    await eventually(async () => {
      expect(await readFile(join(bird.dir, 'bird.conf'), 'utf8')).toContain(SECRETS.rotated);
    }, LATER);
    await becomes('converged');
    await run([0], ['rollback', '--target', 'bird', '--state-dir', path('state')]);
    await run([0, 2], ['plan', ...datastore(), ...places()]);
    await run([0], ['resume', '--state-dir', path('state'), '--json']);
    await run([0], ['reload', '--state-dir', path('state')]);

    for (const json of [[], ['--json']]) {
      await run([0], ['status', ...json, '--state-dir', path('state')]);
      await run([3], ['check', ...json, ...datastore()]);
      for (const name of ['Global_192_0_2_11', 'Global_192_0_2_12', '198.51.100.0/26'])
        await run([0], ['explain', name, ...json, ...datastore()]);
      await run([2], ['explain', 'Global_192_0_2_13', ...json, ...datastore()]);
    }
    await run([3], ['render', '--check', 'bird', '--output', path('rendered'), ...datastore()]);
    const elsewhere = ['--output', path('once'), '--bird-socket', path('none.ctl'), '--bird6-socket', path('none.ctl')];
    await run([6], ['run', '--once', ...datastore(), ...elsewhere, ...debug, '--log-format', 'json']);
    await run([4], ['check', ...datastore()], { ...environment, ETCD_PASSWORD: SECRETS.wrong });
    await run([1], ['check', ...datastore(), '--endpoints', `http://birdconfd:${SECRETS.etcd}@127.0.0.1:2379`]);

    // BIRD refuses the very line that the password stands in.
    await mkdir(path('overlay/bird1'), { recursive: true });
    const text = await readFile(new URL('../../templates/bird1/peer.hbs', import.meta.url), 'utf8');
    const broken = text.replace(/(password \{\{[^}]+\}\});/, '$1 rubbish;');
    expect(broken).not.toBe(text);
    await writeFile(path('overlay/bird1/peer.hbs'), broken);
    const refused = await run(
      [5],
      [
        ...['render', '--check', 'bird', '--output', path('refused'), ...datastore()],
        ...['--templates-overlay', path('overlay')],
      ],
    );
    expect(refused).toBe('');
    await run([5], ['run', '--once', ...datastore(), ...elsewhere, ...debug, '--templates-overlay', path('overlay')]);

    for (const route of ['/metrics', '/status', '/readyz', '/log'])
      shown.set(`GET ${route}`, (await askService(path('state'), 'GET', route)).text);
    await run([0], ['support', path('report'), ...datastore(), ...places()]);
    service.child.kill('SIGHUP');
    await service.logged(/settings-reread/);
    await becomes('converged');
    shown.set('the log of run', Object.values(await service.stop()).join('\n'));
    await run([1], ['status', ...places().slice(2)]);
    expect((await etcd.client.get('none').exec()).header.revision).toBe(revision);
  }, 300_000);

  it('holds a secret', async () => {
    for (const folder of ['report', 'held'])
      for (const [file, text] of await textsBelow(path(folder))) shown.set(file, text);
    for (const name of ['bird.json', 'bird6.json']) shown.set(name, await readFile(path(`state/${name}`), 'utf8'));
    expect(shown.size).toBeGreaterThan(50);
    const found = [...shown].flatMap(([where, text]) =>
      FORMS.filter(({ form }) => text.includes(form)).map(({ name, form }) => `${where}: ${name} as ${form}`),
    );
    expect(found).toEqual([]);
    // What was searched says what it is about, so that silence is no reason for finding nothing.
    const all = [...shown.values()].join('\n');
    const words = [
      '[redacted',
      'unquotable-password',
      'BIRD refuses bird.conf line',
      'Global_192_0_2_12',
      'birdconfd check: etcd',
      'takeover',
    ];
    expect(words.filter((word) => !all.includes(word))).toEqual([]);
    expect(FORMS.filter(({ form }) => `${all} ${SECRETS.mounted}`.includes(form))).not.toEqual([]);
  });

  it('needs that user to write anything', async () => {
    const client = new Etcd3({ hosts: etcd.endpoint, auth: { username: AUTH.user, password: AUTH.password } });
    await expect(client.put('/calico/x').value('1')).rejects.toThrow(/permission denied/);
    await expect(client.get('/other').string()).rejects.toThrow(/permission denied/);
    client.close();
  });
});
