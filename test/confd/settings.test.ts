import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { resolveConfdSettings } from '../../src/confd/confd-settings.ts';
import { CONFD_OPTIONS, type ConfdOption, type ConfdOptionName, confdVariable } from '../../src/confd/options.ts';
import { parseFlags } from '../../src/confd/parse-flags.ts';
import { UsageError } from '../../src/core/errors.ts';
import { temporaryFolder } from '../support/folder.ts';

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await temporaryFolder();
  file = join(dir, 'confd.toml');
});

type Given = Readonly<Record<string, string>>;

/** The settings as tests compare them: secrets told. */
async function resolved(argv: readonly string[], environment: Given = {}, toml = '', word: string | null = null) {
  await writeFile(file, toml);
  const flags = parseFlags([...argv, '-config-file', file]);
  const settings = await resolveConfdSettings(flags, word, environment);
  const { key, password, ...backend } = settings.backend;
  return { ...settings, backend: { ...backend, key: key?.reveal(), password: password?.reveal() } };
}

const refusal = (...given: Parameters<typeof resolved>) =>
  resolved(...given).then(
    () => 'nothing is refused',
    (error: unknown) => (error instanceof UsageError ? error.message : `no UsageError: ${error}`),
  );

interface Effect {
  readonly one: string;
  readonly other: string;
  /** What `one` makes of the settings; `other` makes something else of them. */
  readonly makes: object;
  /** What has to be given beside it, as flags. */
  readonly beside?: readonly string[];
}

const backend = (part: object) => ({ backend: part });
const EFFECTS: Readonly<Record<string, Effect>> = {
  backend: { one: 'redis', other: 'env', makes: backend({ name: 'redis' }) },
  node: { one: '192.0.2.1:1', other: '192.0.2.2:2', makes: backend({ nodes: ['192.0.2.1:1'] }) },
  scheme: {
    ...{ one: 'https', other: 'http', beside: ['-srv-record', 'r'] },
    makes: backend({ srv: { record: 'r', scheme: 'https' } }),
  },
  'srv-domain': {
    ...{ one: 'example.org', other: 'example.net' },
    makes: backend({ srv: { record: '_etcd._tcp.example.org.', scheme: 'http' } }),
  },
  'srv-record': {
    one: '_a._tcp.b',
    other: '_c._tcp.b',
    makes: backend({ srv: { record: '_a._tcp.b', scheme: 'http' } }),
  },
  prefix: { one: '/p', other: '/q', makes: { prefix: '/p' } },
  confdir: { one: '/srv/confd', other: '/srv/other', makes: { confDir: '/srv/confd' } },
  interval: { one: '7', other: '8', makes: { intervalMs: 7_000 } },
  watch: { one: 'true', other: 'false', makes: { mode: 'watch' } },
  onetime: { one: 'true', other: 'false', makes: { mode: 'onetime' } },
  noop: { one: 'true', other: 'false', makes: { noop: true } },
  'show-secrets': { one: 'true', other: 'false', makes: { showSecrets: true } },
  'sync-only': { one: 'true', other: 'false', makes: { syncOnly: true } },
  'keep-stage-file': { one: 'true', other: 'false', makes: { keepStageFile: true } },
  'log-level': { one: 'warning', other: 'debug', makes: { logLevel: 'warn' } },
  username: { one: 'ann', other: 'bob', beside: ['-password', 'x'], makes: backend({ username: 'ann' }) },
  password: { one: 'secret', other: 'x', beside: ['-username', 'ann'], makes: backend({ password: 'secret' }) },
  'client-ca-keys': { one: '/etc/ca.pem', other: '/etc/b.pem', makes: backend({ caFile: '/etc/ca.pem' }) },
  'client-cert': { one: '/etc/cert.pem', other: '/etc/b.pem', makes: backend({ certFile: '/etc/cert.pem' }) },
  'client-key': { one: '/etc/key.pem', other: '/etc/b.pem', makes: backend({ key: '/etc/key.pem' }) },
  file: { one: '/data/a.yaml', other: '/data/b.yaml', makes: backend({ files: ['/data/a.yaml'] }) },
  filter: { one: '*.yaml', other: '*', makes: backend({ filter: '*.yaml' }) },
  separator: { one: ':', other: '/', makes: backend({ separator: ':' }) },
  'prefix-mode': { one: 'concat', other: 'override', makes: { prefixMode: 'concat' } },
  'state-dir': { one: '/var/lib/a', other: '/var/lib/b', makes: { stateDir: '/var/lib/a' } },
  'check-cmd-timeout': { one: '90s', other: '1m', makes: { checkTimeoutMs: 90_000 } },
  'reload-cmd-timeout': { one: '5m', other: '1m', makes: { reloadTimeoutMs: 300_000 } },
  'shutdown-timeout': { one: '250ms', other: '1', makes: { graceMs: 250 } },
  'status-address': { one: '127.0.0.1:9', other: '127.0.0.1:8', makes: { statusAddress: '127.0.0.1:9' } },
  'log-format': { one: 'json', other: 'text', makes: { logFormat: 'json' } },
};

/** Accepted so that a command line of confd's needs no change, and nothing follows from them here. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['auth-token', 'auth-type', 'app-id', 'user-id', 'role-id', 'secret-id', 'path', 'table'].map((n) => [n, 'x']),
  ),
  'basic-auth': 'true',
  'client-insecure': 'true',
};

const OPTIONS = CONFD_OPTIONS as readonly (ConfdOption & { readonly name: ConfdOptionName })[];
const optionOf = (name: string) => OPTIONS.find((option) => option.name === name)!;
const tomlOf = ({ kind }: ConfdOption, key: string, value: string) =>
  `${key} = ${kind === 'many' ? JSON.stringify([value]) : kind === 'text' ? JSON.stringify(value) : value}\n`;

describe('every flag', () => {
  it('is in these tables', () => {
    const tested = [...Object.keys(EFFECTS), ...Object.keys(WITHOUT_EFFECT), 'config-file', 'version'];
    expect(tested.sort()).toEqual(OPTIONS.map(({ name }) => name).sort());
  });

  it.each(Object.entries(EFFECTS))(
    '-%s takes effect as a flag, in the environment and in confd.toml',
    async (name, effect) => {
      const { one, other, makes, beside = [] } = effect;
      const option = optionOf(name);
      const flag = `${name}=${one}`;
      const separate = option.kind === 'flag' ? [`-${name}`] : [`-${name}`, one];
      for (const argv of [[`-${flag}`], [`--${flag}`], separate, [`--${flag.replace(/-/g, '_')}`]])
        expect(await resolved([...beside, ...argv])).toMatchObject(makes);
      const variable = confdVariable(option);
      expect(await resolved(beside, { [variable]: one })).toMatchObject(makes);
      const keys = [
        name,
        name.replace(/-/g, '_'),
        ...(option.file ? [option.file, option.file.replace(/-/g, '_')] : []),
      ];
      for (const key of keys) expect(await resolved(beside, {}, tomlOf(option, key, one))).toMatchObject(makes);
      // Not by its default.
      expect(await resolved([...beside, `-${name}=${other}`])).not.toMatchObject(makes);
      // Flag before environment before file.
      const file = tomlOf(option, name, other);
      expect(await resolved([...beside, `-${flag}`], { [variable]: other }, file)).toMatchObject(makes);
      expect(await resolved(beside, { [variable]: one }, file)).toMatchObject(makes);
    },
  );

  it.each(Object.entries(WITHOUT_EFFECT))('-%s is accepted, and changes nothing', async (name, value) => {
    const option = optionOf(name);
    const none = await resolved([]);
    expect(await resolved([`-${name}=${value}`])).toEqual(none);
    const inFile = await resolved([], {}, tomlOf(option, name, value));
    expect(inFile).toEqual(none);
  });

  it('-config-file names confd.toml, also as CONFD_CONFIG_FILE; one that is not there is empty', async () => {
    await writeFile(file, 'prefix = "/here"');
    expect(await resolveConfdSettings(parseFlags([]), null, { CONFD_CONFIG_FILE: file })).toMatchObject({
      prefix: '/here',
    });
    const absent = parseFlags(['-config-file', join(dir, 'absent.toml')]);
    expect(await resolveConfdSettings(absent, null, {})).toMatchObject({ prefix: null });
    await writeFile(file, 'prefix = ');
    const broken = resolveConfdSettings(parseFlags(['-config-file', file]), null, {});
    await expect(broken).rejects.toThrow(file);
  });
});

describe('the command line', () => {
  it.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('-watch=%s is true, as in Go', async (word) => {
    expect(await resolved([`-watch=${word}`])).toMatchObject({ mode: 'watch' });
  });

  it.each(['0', 'f', 'F', 'FALSE', 'false', 'False'])('-watch=%s is false, whatever confd.toml says', async (word) => {
    expect(await resolved([`--watch=${word}`], {}, 'watch = true')).toMatchObject({ mode: 'interval' });
  });

  it('repeats -node and -file, and splits only the environment and ETCDCTL_PEERS at commas', async () => {
    const nodes = ['a:1', 'b:2'];
    expect(await resolved(['-node', 'a:1', '--node=b:2'])).toMatchObject(backend({ nodes }));
    expect(await resolved([], { CONFD_NODE: 'a:1, b:2' })).toMatchObject(backend({ nodes }));
    expect(await resolved([], {}, 'nodes = ["a:1", "b:2"]')).toMatchObject(backend({ nodes }));
    expect(await resolved(['-file', '/a', '-file', '/b'])).toMatchObject(backend({ files: ['/a', '/b'] }));
    expect(await resolved([], { ETCDCTL_PEERS: 'a:1, b:2' })).toMatchObject(backend({ nodes }));
  });

  it.each(['etcd', 'etcdv3', 'etcdv2', 'env', 'redis'])('-backend %s is there', async (name) => {
    expect(await resolved(['-backend', name])).toMatchObject(backend({ name }));
  });

  it('takes nothing from DYNAMODB_LOCAL and SSM_LOCAL: their backends are not there', async () => {
    const { environment: _, ...settings } = await resolved([], { DYNAMODB_LOCAL: 'x', SSM_LOCAL: 'x' });
    const { environment: __, ...plain } = await resolved([]);
    expect(settings).toEqual(plain);
  });

  it('asks ETCDCTL_PEERS only for the backend etcd, and only where no node is named', async () => {
    const environment = { ETCDCTL_PEERS: 'peer:1' };
    expect(await resolved(['-backend', 'etcdv3'], environment)).toMatchObject(backend({ nodes: [] }));
    expect(await resolved(['-node', 'a:1'], environment)).toMatchObject(backend({ nodes: ['a:1'] }));
    expect(await resolved([], environment, 'nodes = ["b:2"]')).toMatchObject(backend({ nodes: ['b:2'] }));
  });

  it('takes confd’s own names CONFD_CLIENT_CAKEYS, CONFD_CLIENT_CERT and CONFD_CLIENT_KEY', async () => {
    const environment = { CONFD_CLIENT_CAKEYS: '/ca', CONFD_CLIENT_CERT: '/cert', CONFD_CLIENT_KEY: '/key' };
    const made = backend({ caFile: '/ca', certFile: '/cert', key: '/key' });
    expect(await resolved([], environment)).toMatchObject(made);
    // In confd the file would win.
    expect(
      await resolved([], environment, 'client_cakeys = "/f"\nclient_cert = "/f"\nclient_key = "/f"'),
    ).toMatchObject(made);
  });

  it('takes the backend as the first word, before -backend', async () => {
    const { words } = parseFlags(['redis', '--watch']);
    expect(words).toEqual(['redis']);
    expect(await resolved(['-backend', 'env'], {}, '', 'redis')).toMatchObject(backend({ name: 'redis' }));
  });

  it.each([
    [['-nonsense'], /flag provided but not defined: -nonsense/],
    [['-prefix'], /flag needs an argument: -prefix/],
    [['-watch=maybe'], /invalid boolean value "maybe" for -watch/],
    [['-watch', 'true', '-noop'], /true: expected a flag/],
  ])('%s is refused', (argv, message) => {
    expect(() => parseFlags(argv)).toThrow(UsageError);
    expect(() => parseFlags(argv)).toThrow(message);
  });

  it('has -onetime before -watch, and -interval else; an empty value is none', async () => {
    expect(await resolved(['-onetime', '-watch'])).toMatchObject({ mode: 'onetime' });
    expect(await resolved([])).toMatchObject({ mode: 'interval', intervalMs: 600_000, confDir: '/etc/confd' });
    expect(await resolved(['-prefix='], {}, 'prefix = "/p"')).toMatchObject({ prefix: null });
  });
});

describe('what does not fit', () => {
  it.each([
    [['-interval', '0'], '', /^-interval: expected a number from 1 on, found "0"$/],
    [[], 'interval = "x"', /confd\.toml: interval: expected a number from 1 on, found "x"$/],
    [['-log-level', 'loud'], '', /^-log-level: expected debug or /],
    [[], 'sync_only = "perhaps"', /confd\.toml: sync_only: expected true or false/],
    [[], 'prefix = { a = 1 }', /confd\.toml: prefix: expected a text, a number or a list/],
    [['-prefix-mode', 'both'], '', /expected override or concat/],
    [['-backend', 'file'], '', /needs -file PATH/],
    [['-username', 'ann'], '', /both -username and -password/],
    [['-backend', 'nonsense'], '', /invalid backend "nonsense"/],
    [['-reload-cmd-timeout', 'soon'], '', /^-reload-cmd-timeout: expected a time such as 30s/],
  ])('%s %s', async (argv, toml, message) => {
    expect(await refusal(argv, {}, toml)).toMatch(message);
  });

  it.each(['consul', 'dynamodb', 'rancher', 'ssm', 'vault', 'zookeeper'])(
    '-backend %s is told not to be built',
    async (name) => {
      expect(await refusal(['-backend', name])).toMatch(`the backend ${name} is not built`);
    },
  );

  it('is told for a variable by its name', async () => {
    expect(await refusal([], { CONFD_NOOP: 'maybe' })).toMatch(/^CONFD_NOOP: expected true or false, found "maybe"/);
  });

  it('keeps keys of confd.toml that nobody knows, as they are written, and no others', async () => {
    const toml =
      'Prefix = "/p"\nclient_cakeys = "/ca"\nSRV-Domain = "d"\nOneTime = true\nlog_levle = "debug"\n[nested]\na = 1\n';
    const { unknown, prefix, mode } = await resolved([], {}, toml);
    expect({ unknown, prefix, mode }).toEqual({ unknown: ['log_levle', 'nested'], prefix: '/p', mode: 'onetime' });
  });
});
