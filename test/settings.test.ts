import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../src/core/errors.ts';
import { parseTime } from '../src/core/time-span.ts';
import { OPTIONS } from '../src/option-table.ts';
import { resolveSettings, wantsColour } from '../src/settings.ts';
import { temporaryFolder } from './support/folder.ts';

const FILES = { input: ['/data'], node: 'node-a' };

const refusal = async (flags: Parameters<typeof resolveSettings>[0], environment = {}) => {
  const settings = resolveSettings(flags, environment);
  await expect(settings).rejects.toBeInstanceOf(UsageError);
  return settings.then(
    () => '',
    (error: Error) => error.message,
  );
};

describe('settings', () => {
  it('prefers flag to environment to file', async () => {
    const config = join(await temporaryFolder(), 'birdconfd.toml');
    await writeFile(config, 'layout = "calico"\nquiet-ms = 7\nmax-wait-ms = 8\nresync-interval = "9s"\n');
    const environment = { BIRDCONFD_QUIET_MS: '70', BIRDCONFD_MAX_WAIT_MS: '80' };
    const settings = await resolveSettings({ ...FILES, config, 'quiet-ms': '700' }, environment);
    expect(settings).toMatchObject({ quietMs: 700, maxWaitMs: 80, resyncMs: 9_000, layout: 'calico' });
  });

  it('understands the environment of calico/node, whose CALICO_ prefix wins', async () => {
    const settings = await resolveSettings(
      {},
      {
        DATASTORE_TYPE: 'etcdv3',
        ETCD_ENDPOINTS: 'http://192.0.2.1:2379',
        CALICO_ETCD_ENDPOINTS: 'https://192.0.2.2:2379,https://192.0.2.3:2379',
        ETCD_USERNAME: 'calico',
        ETCD_PASSWORD: 'hunter2',
        ETCD_CA_CERT_FILE: '/etc/ca.pem',
        ETCD_CERT_FILE: '/etc/cert.pem',
        CALICO_ETCD_KEY_FILE: '/etc/key.pem',
        BGP_LOGSEVERITYSCREEN: 'warning',
        NODENAME: 'worker-1',
        HOSTNAME: 'other',
        CALICO_ROUTER_ID: 'hash',
      },
    );
    expect(settings).toMatchObject({ nodeName: 'worker-1', routerId: 'hash', inputs: [], logLevel: 'warn' });
    expect(settings.etcd).toMatchObject({
      endpoints: ['https://192.0.2.2:2379', 'https://192.0.2.3:2379'],
      username: 'calico',
      caFile: '/etc/ca.pem',
      certFile: '/etc/cert.pem',
      keyFile: '/etc/key.pem',
    });
    expect(settings.etcd?.password?.reveal()).toBe('hunter2');
    expect(JSON.stringify(settings)).not.toContain('hunter2');
  });

  it('takes files where there is an input and no endpoint, and the paths of the layout', async () => {
    expect(await resolveSettings(FILES, {})).toMatchObject({
      etcd: null,
      inputs: ['/data'],
      output: '/etc/birdconfd/bird',
      stateDir: '/etc/birdconfd/bird/.birdconfd',
      fileMode: 0o640,
      daemons: { bird: { binary: 'bird', socket: '/run/bird/bird.ctl' }, bird6: { socket: '/run/bird/bird6.ctl' } },
    });
    expect(await resolveSettings({ ...FILES, layout: 'calico' }, {})).toMatchObject({
      output: '/etc/calico/confd/config',
      daemons: { bird: { socket: '/var/run/calico/bird.ctl' } },
    });
    const beside = await resolveSettings({ ...FILES, endpoints: 'http://127.0.0.1:2379' }, {});
    expect(beside).toMatchObject({ inputs: ['/data'], etcd: { endpoints: ['http://127.0.0.1:2379'] } });
  });

  it('splits the command that restarts a daemon at blanks, and has none by default', async () => {
    expect(await resolveSettings(FILES, {})).toMatchObject({ restartCommand: null, restartSpreadMs: 300_000 });
    const given = { ...FILES, 'restart-cmd': '  systemctl restart  {daemon} ', 'restart-spread': '90s' };
    expect(await resolveSettings(given, {})).toMatchObject({
      restartCommand: ['systemctl', 'restart', '{daemon}'],
      restartSpreadMs: 90_000,
    });
    await expect(resolveSettings({ ...FILES, 'restart-cmd': ' ' }, {})).rejects.toThrow(/a program and its arguments/);
  });

  it('knows where passwords and the status of workloads stand', async () => {
    expect(await resolveSettings(FILES, {})).toMatchObject({
      secretsDir: null,
      statusDir: '/var/run/calico/endpoint-status',
    });
    const environment = {
      BIRDCONFD_SECRETS_DIR: '/etc/bgp-secrets',
      CALICO_ENDPOINT_STATUS_PATH_PREFIX: '/run/felix/',
    };
    expect(await resolveSettings(FILES, environment)).toMatchObject({
      secretsDir: '/etc/bgp-secrets',
      statusDir: '/run/felix/endpoint-status',
    });
    expect(await resolveSettings({ ...FILES, 'secrets-dir': 'here' }, environment)).toMatchObject({
      secretsDir: join(process.cwd(), 'here'),
    });
  });

  it("falls back on the host's name", async () => {
    expect((await resolveSettings({ input: ['/data'] }, {})).nodeName).toBe(hostname());
  });

  it.each([
    [{ ...FILES, layout: 'both' }, {}, /--layout: expected single or calico, found "both"/],
    [{ ...FILES, 'file-mode': '9999' }, {}, /--file-mode: expected an octal mode/],
    [{ ...FILES, 'quiet-ms': '-1' }, {}, /--quiet-ms: expected milliseconds/],
    [{ ...FILES, 'resync-interval': 'soon' }, {}, /--resync-interval: expected a time/],
    [FILES, { BIRDCONFD_LOG_LEVEL: 'loud' }, /BIRDCONFD_LOG_LEVEL: expected debug, info, warn or error, found "loud"/],
    [{ input: ['/data'], node: '../x' }, {}, /--node: expected a node name/],
    [FILES, { CALICO_ROUTER_ID: '1.2.3' }, /CALICO_ROUTER_ID: expected "hash" or an IPv4 address/],
    [{}, { DATASTORE_TYPE: 'kubernetes' }, /not built/],
    [{ datastore: 'files' }, {}, /needs --input/],
    [{ endpoints: 'localhost:2379' }, {}, /--endpoints: expected URLs/],
    [{}, { ETCD_USERNAME: 'calico' }, /both a user name and a password/],
    [{ datastore: 'etcdv2', data: 'v3' }, {}, /etcdv2 holds data of the v1 layout only/],
    [{ ...FILES, data: 'v2' }, {}, /--data: expected v1 or v3, found "v2"/],
    [FILES, { IP: 'localhost' }, /IP: expected an IPv4 address, found "localhost"/],
    [FILES, { IP6: '192.0.2.1' }, /IP6: expected an IPv6 address/],
    [{}, { ETCD_AUTHORITY: 'http://192.0.2.1' }, /--endpoints: expected URLs/],
    [
      { endpoints: 'http://192.0.2.1:1' },
      { ETCD_DISCOVERY_SRV: 'example.com' },
      /either endpoints or ETCD_DISCOVERY_SRV/,
    ],
    [{}, { ETCD_DISCOVERY_SRV: 'not a domain' }, /ETCD_DISCOVERY_SRV: expected a domain/],
    [{ ...FILES, config: '/nowhere.toml' }, {}, /--config \/nowhere\.toml: /],
  ])('refuses %j with %j', async (flags, environment, message) => {
    expect(await refusal(flags, environment)).toMatch(message);
  });

  it.each([
    [{}, {}, 3, 'http://127.0.0.1:2379', null],
    [{}, { ETCD_AUTHORITY: '192.0.2.1:4001' }, 3, 'http://192.0.2.1:4001', null],
    [FILES, { ETCD_AUTHORITY: '192.0.2.1:4001', ETCD_SCHEME: 'https' }, 3, 'https://192.0.2.1:4001', null],
    [{}, { ETCD_SCHEME: 'https', CALICO_ETCD_SCHEME: 'http', ETCD_AUTHORITY: '' }, 3, 'http://127.0.0.1:2379', null],
    [{}, { ETCD_AUTHORITY: '192.0.2.1:4001', ETCD_ENDPOINTS: 'http://192.0.2.2:1' }, 3, 'http://192.0.2.2:1', null],
    [{}, { DATASTORE_TYPE: 'etcdv2' }, 2, 'http://127.0.0.1:2379', 'v1'],
    [{ data: 'v1' }, {}, 3, 'http://127.0.0.1:2379', 'v1'],
    [{ datastore: 'etcdv2', data: 'v1' }, {}, 2, 'http://127.0.0.1:2379', 'v1'],
  ])('finds with %j and %j etcd v%i at %s, with data of layout %s', async (flags, environment, version, at, data) => {
    const settings = await resolveSettings(flags, environment);
    expect(settings).toMatchObject({ etcd: { version, endpoints: [at] }, data });
  });

  it('finds etcd by the SRV records of a domain', async () => {
    const { etcd } = await resolveSettings(FILES, {
      ETCD_DISCOVERY_SRV: 'a',
      CALICO_ETCD_DISCOVERY_SRV: 'example.com',
    });
    expect(etcd).toMatchObject({ endpoints: [], discoveryDomain: 'example.com' });
  });

  it('takes the own addresses of the v1 layout from IP and IP6', async () => {
    const own = async (environment: Record<string, string>) => {
      const { ownAddresses } = await resolveSettings(FILES, environment);
      return [ownAddresses[4]?.text ?? null, ownAddresses[6]?.text ?? null];
    };
    expect(await own({ IP: '192.0.2.1', IP6: '2001:DB8::1' })).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(await own({ IP: '192.0.2.1/24', IP6: '' })).toEqual(['192.0.2.1', null]);
    expect(await own({ IP: 'autodetect', IP6: 'none' })).toEqual([null, null]);
    expect(await own({})).toEqual([null, null]);
  });

  it('refuses an unknown option in the file', async () => {
    const config = join(await temporaryFolder(), 'birdconfd.toml');
    await writeFile(config, 'quite-ms = 7\n');
    expect(await refusal({ ...FILES, config })).toMatch(/unknown option quite-ms/);
  });

  it.each([
    [{ CALICO_NETWORKING_BACKEND: 'none' }, 'CALICO_NETWORKING_BACKEND=none'],
    [{ CALICO_NETWORKING_BACKEND: 'vxlan' }, 'CALICO_NETWORKING_BACKEND=vxlan'],
    [{ CALICO_NETWORKING: 'false' }, 'CALICO_NETWORKING=false'],
    [{ CALICO_NETWORKING_BACKEND: 'bird' }, null],
  ])('knows from %j whether BIRD runs', async (environment, reason) => {
    expect((await resolveSettings(FILES, environment)).notRunning).toBe(reason);
  });

  it('names every option once', () => {
    const names = OPTIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('times', () => {
  it.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['1.5m', 90_000],
    ['250ms', 250],
    ['1h', 3_600_000],
    ['', null],
    ['1d', null],
    ['-5s', null],
  ])('reads %j as %j ms', (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });
});

it('colours on a terminal, unless it is asked not to', () => {
  expect(wantsColour(true, {})).toBe(true);
  expect(wantsColour(true, { NO_COLOR: '' })).toBe(true);
  expect(wantsColour(true, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour(true, { TERM: 'dumb' })).toBe(false);
  expect(wantsColour(false, {})).toBe(false);
});

it('lets no password stand in the URL of etcd', async () => {
  const settings = resolveSettings({ endpoints: 'http://me:secret@127.0.0.1:2379', node: 'a' }, {});
  await expect(settings).rejects.toThrow('user and password do not go into the URL');
  await expect(settings).rejects.not.toThrow('secret');
});
