import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { type ResourceDefaults, readTemplateResource } from '../../src/confd/template-resource.ts';

const DEFAULTS: ResourceDefaults = {
  ...{ confDir: '/etc/confd', prefix: null, prefixMode: 'override', checkTimeoutMs: 30_000, reloadTimeoutMs: 60_000 },
};
const read = (lines: string, defaults: Partial<ResourceDefaults> = {}) =>
  readTemplateResource(
    parse(`[template]\nsrc = "t"\ndest = "/d"\n${lines}`) as Record<string, unknown>,
    { name: 'app', file: '/etc/confd/conf.d/app.toml' },
    { ...DEFAULTS, ...defaults },
  );
const resource = (lines: string, defaults: Partial<ResourceDefaults> = {}) => {
  const { resource: found, diagnostics } = read(lines, defaults);
  expect(diagnostics).toEqual([]);
  if (!found) throw new Error('no resource');
  return found;
};
/** The paths and messages of what is wrong; a resource with an error is left out. */
const faults = (lines: string) => {
  const { resource: found, diagnostics } = read(lines);
  const isUsable = diagnostics.every(({ severity }) => severity === 'warning');
  expect(found !== null).toBe(isUsable);
  return diagnostics.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('mode', () => {
  it.each([
    ['"0644"', 0o644],
    ['"0o600"', 0o600],
    ['"0O600"', 0o600],
    ['"0x1a4"', 0o644],
    ['"0b110_100_100"', 0o644],
    ['"0_644"', 0o644],
    ['"04755"', 0o4755],
    ['""', null],
  ])('%s is %o', (text, mode) => {
    expect(resource(`mode = ${text}`).mode).toBe(mode);
  });

  it.each(['"644"', '644', '420', '"0888"', '"010000"', '"rw-r--r--"', '"-0644"', 'true'])('%s is none', (text) => {
    expect(faults(`mode = ${text}`)).toEqual(['template.mode: expected an octal mode in quotes, such as "0644"']);
  });

  it('is not stated by itself', () => expect(resource('').mode).toBeNull());
});

it('reads owner and group, their numbers, and neither', () => {
  expect(resource('owner = "nginx"\ngroup = "1000"')).toMatchObject({ owner: 'nginx', group: '1000', uid: null });
  expect(resource('uid = 0\ngid = 12')).toMatchObject({ uid: 0, gid: 12, owner: null, group: null });
  expect(faults('uid = -1')).toEqual([expect.stringMatching(/^template\.uid: expected a whole number/)]);
});

it('takes times as text and as seconds, by either spelling of a key', () => {
  const { checkTimeoutMs, reloadTimeoutMs, minReloadMs } = resource(
    'check_cmd_timeout = "250ms"\nreload-cmd-timeout = 5\nmin_reload_interval = "1m"',
  );
  expect({ checkTimeoutMs, reloadTimeoutMs, minReloadMs }).toEqual({
    ...{ checkTimeoutMs: 250, reloadTimeoutMs: 5_000, minReloadMs: 60_000 },
  });
  expect(resource('')).toMatchObject({ checkTimeoutMs: 30_000, reloadTimeoutMs: 60_000, minReloadMs: 0 });
  expect(faults('check_cmd_timeout = "soon"')).toEqual([expect.stringContaining('expected a time such as 30s')]);
});

it('waits by wait, by debounce where wait does not say, and otherwise not', () => {
  expect(resource('').wait).toBeNull();
  expect(resource('debounce = "2s"').wait).toEqual({ minMs: 2_000, maxMs: 8_000 });
  expect(resource('wait = {min = "1s", max = "3s"}\ndebounce = "9s"').wait).toEqual({ minMs: 1_000, maxMs: 3_000 });
  expect(resource('debounce = "2s"\nwait = {max = "30s"}').wait).toEqual({ minMs: 2_000, maxMs: 30_000 });
  expect(resource('wait = {min = "5s", max = "1s"}').wait).toEqual({ minMs: 5_000, maxMs: 5_000 });
});

it('retries for ever unless told otherwise', () => {
  expect(resource('').retry).toEqual({ firstMs: 250, lastMs: 30_000, attempts: null });
  const retry = 'retry = {max_attempts = 3, base_delay = "1s", max_delay = "10s"}';
  expect(resource(retry).retry).toEqual({ firstMs: 1_000, lastMs: 10_000, attempts: 3 });
  expect(faults('retry = {max_attempt = 3}')).toEqual([expect.stringContaining('max_attempts')]);
});

it('guards all keys, or those of a glob', () => {
  expect(resource('').guard).toEqual({ minMatches: new Map(), allowEmpty: true });
  expect(resource('guard = {min_matches = 2, allow_empty = false}').guard).toEqual({
    ...{ minMatches: new Map([['', 2]]), allowEmpty: false },
  });
  expect(resource('guard.min_matches = {"/peers/*" = 2}').guard.minMatches).toEqual(new Map([['/peers/*', 2]]));
  expect(faults('guard.min_matches = -1')).toEqual([expect.stringContaining('a table of globs and numbers')]);
});

it('takes no glob that is none', () => {
  expect(faults('guard.min_matches = {"/peers/[a" = 2}')).toEqual([
    'template.guard.min_matches: syntax error in pattern "/peers/[a"',
  ]);
  const both = { src: 't', dest: '/{{name}}', for_each: '/sites/[' };
  const { resource: found, diagnostics } = readTemplateResource({ template: both }, { name: 'x', file: 'x' }, DEFAULTS);
  expect([found, diagnostics.map(({ path }) => path.join('.'))]).toEqual([null, ['template.for_each']]);
});

it('joins keys to the prefix: its own, that of the settings in its place, or both', () => {
  const lines = 'prefix = "app"\nkeys = ["/", "db/host"]';
  expect(resource(lines)).toMatchObject({ prefix: '/app', keys: ['/app', '/app/db/host'] });
  expect(resource(lines, { prefix: 'all' })).toMatchObject({ prefix: '/all', keys: ['/all', '/all/db/host'] });
  expect(resource(lines, { prefix: 'all', prefixMode: 'concat' })).toMatchObject({
    ...{ prefix: '/all/app', keys: ['/all/app', '/all/app/db/host'] },
  });
});

it('takes for_each only with {{name}} in dest, and that only with for_each', () => {
  const both = { name: 'x', file: 'x' };
  const table = (dest: string, more: object) =>
    readTemplateResource({ template: { src: 't', dest, ...more } }, both, DEFAULTS).resource;
  expect(table('/etc/{{ name }}.conf', { for_each: '/sites/*' })?.forEach).toBe('/sites/*');
  expect(table('/etc/{{name}}', { for_each: '/sites/*', reload_cmd: 'x {{.dest}}' })).toBeNull();
  expect(table('/etc/one.conf', { for_each: '/sites/*' })).toBeNull();
  expect(table('/etc/{{name}}.conf', {})).toBeNull();
});

describe('reload_mode', () => {
  it.each([
    ['', { mode: 'none' }],
    ['reload_cmd = "x {{.dest}}"', { mode: 'command', command: 'x {{.dest}}' }],
    ['reload_mode = "signal"\npid_file = "/run/x.pid"', { mode: 'signal', pidFile: '/run/x.pid', signal: 'SIGHUP' }],
    ['reload_mode = "systemd"\nsystemd_unit = "x.service"', { mode: 'systemd', unit: 'x.service' }],
    [
      'reload_mode = "bird"\nconfirm_timeout = "90s"\nbird_bin = "bird6"',
      { mode: 'bird', socket: '/run/bird/bird.ctl', binary: 'bird6', undoSeconds: 90 },
    ],
  ])('%j', (lines, reload) => expect(resource(lines).reload).toEqual(reload));

  it.each([
    ['reload_mode = "signal"', 'template.pid_file: reload_mode = "signal" needs it'],
    ['reload_mode = "systemd"', 'template.systemd_unit: reload_mode = "systemd" needs it'],
    ['reload_mode = "bird"\nreload_cmd = "x"', 'template.reload_cmd: reload_mode = "bird" runs no command'],
    [
      'reload_mode = "bird"\ncheck_cmd = "x"',
      'template.check_cmd: reload_mode = "bird" has bird_bin check, and BIRD itself confirm',
    ],
    ['reload_cmd = "x {{getv \\"/a\\"}}"', 'template.reload_cmd: only {{.src}} and {{.dest}} can stand in a command'],
    ['check_cmd = "x {{.dst}}"', 'template.check_cmd: only {{.src}} and {{.dest}} can stand in a command'],
  ])('%j is a fault', (lines, fault) => expect(faults(lines)).toEqual([fault]));

  it('refuses a mode that nobody knows, and a signal that is no name', () => {
    expect(faults('reload_mode = "http"')).toEqual([
      expect.stringContaining('expected command, signal, systemd, bird'),
    ]);
    const signal = 'reload_mode = "signal"\npid_file = "/x"\nreload_signal = "1; rm"';
    expect(faults(signal)).toEqual([expect.stringContaining('template.reload_signal: expected a name')]);
  });
});

it('needs src and dest, and warns of what nobody knows', () => {
  const nothing = readTemplateResource({ template: {} }, { name: 'x', file: 'x' }, DEFAULTS);
  expect(nothing.resource).toBeNull();
  expect(nothing.diagnostics.map(({ path }) => path.join('.'))).toEqual(['template.src', 'template.dest']);
  expect(faults('reload_command = "x"')).toEqual([expect.stringContaining('is it reload_cmd?')]);
});
