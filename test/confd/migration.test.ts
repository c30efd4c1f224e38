import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseFlags } from '../../src/confd/parse-flags.ts';
import { OPTIONS } from '../../src/option-table.ts';
import { runCli } from '../support/cli.ts';
import { SMALL_CLUSTER } from '../support/cluster.ts';
import { temporaryFolder } from '../support/folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');
const part = (from: string, to: string) => readme.slice(readme.indexOf(`### ${from}`), readme.indexOf(`### ${to}`));
const [confd, calico, consul] = [
  part('From confd', 'From Calico'),
  part('From Calico', 'From consul-template'),
  part('From consul-template', 'A backend more'),
];

/** The rows of a chapter: what stands in the first cell as code, and the second cell. */
const rowsOf = (chapter: string) =>
  chapter
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
    .map(([first = '', second = '']) => ({
      names: [...first.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
      second,
    }));

let dir: string;
beforeEach(async () => {
  dir = await temporaryFolder();
  for (const name of ['conf.d', 'templates']) await mkdir(join(dir, name));
  await put('keys.yaml', 'app:\n  name: birds\n  as: 64512\n');
});
const put = (name: string, text: string) => writeFile(join(dir, name), text);
const resource = (text: string) =>
  put('conf.d/one.toml', `[template]\nsrc = "t.hbs"\ndest = "${dir}/one.conf"\nkeys = ["/app"]\n${text}`);
const confdWith = (words: readonly string[], ...flags: readonly string[]) => {
  const places = ['-confdir', dir, '-config-file', join(dir, 'none.toml'), '-state-dir', join(dir, 'state')];
  return runCli(['confd', ...words, '-file', join(dir, 'keys.yaml'), ...places, ...flags]);
};
const run = (...flags: readonly string[]) => confdWith(['file'], ...flags);

describe('from abtreece’s confd', () => {
  /** All flags that it has and confd 0.16 has not. */
  const THEIRS =
    `log-format failure-mode check-config preflight validate mock-data resource diff diff-context color debounce batch-interval
    template-cache stat-cache-ttl backend-timeout check-cmd-timeout reload-cmd-timeout dial-timeout read-timeout write-timeout
    preflight-timeout watch-error-backoff retry-max-attempts retry-base-delay retry-max-delay shutdown-timeout systemd-notify
    watchdog-interval metrics-addr secretsmanager-version-stage secretsmanager-no-flatten acm-export-private-key imds-cache-ttl`
      .trim()
      .split(/\s+/);

  it.each(THEIRS)('--%s has a row, and is there only where that says so', (flag) => {
    const row = rowsOf(confd).find(({ names }) => names.includes(`--${flag}`));
    const isThere = row?.second === 'the same';
    const parse = () => parseFlags([`--${flag}=1s`]);
    expect(row).toBeDefined();
    if (isThere) expect(parse).not.toThrow();
    else expect(parse).toThrow(/flag provided but not defined/);
  });

  it('the helpers of the README can be called, and keys of one’s own be rendered without a backend', async () => {
    const helpers = /<!-- helpers -->\n```\n([\s\S]*?)```/.exec(confd)?.[1] ?? '';
    await put('templates/my.mjs', helpers);
    await resource('helpers = "my.mjs"\n');
    await put(
      'templates/t.hbs',
      '{{sha256sum (getv "/app/name")}} {{regexReplaceAll "[aeiou]" "birds" "_"}} {{ternary "y" "n" (exists "/app/as")}}\n',
    );
    const { code, out } = await run('-onetime', '-noop', '-log-level', 'error');
    expect(code).toBe(0);
    expect(out).toContain('\n+7f14eadc80600546');
    expect(out).toContain(' b_rds y\n');
    expect(await readdir(dir)).not.toContain('one.conf');
  });
});

describe('from Calico’s confd', () => {
  it('--layout calico writes the six files', async () => {
    const [six] = rowsOf(calico).slice(1);
    await put('etcd.json', JSON.stringify(Object.fromEntries(SMALL_CLUSTER)));
    const output = join(dir, 'out');
    const flags = ['--input', join(dir, 'etcd.json'), '--node', 'node-a', '--layout', 'calico', '--bird', '1.6'];
    expect((await runCli(['render', ...flags, '--output', output])).code).toBe(0);
    const files = (await readdir(output)).filter((name) => name.endsWith('.cfg'));
    expect(files.sort()).toEqual([...(six?.names ?? [])].sort());
  });

  it('names options and variables that are there', async () => {
    const seconds = rowsOf(calico)
      .map(({ second }) => second)
      .join(' ');
    const options = [...seconds.matchAll(/--([a-z0-9-]+)/g)].map(([, name]) => name);
    const known = [...OPTIONS.map(({ name }) => name), 'once'] as readonly string[];
    expect(options.length).toBeGreaterThan(8);
    expect(options.filter((name) => !known.includes(name ?? ''))).toEqual([]);
    const { names = [] } = rowsOf(calico).find((row) => row.names.includes('NODENAME')) ?? {};
    const sources = await Promise.all(
      ['settings', 'option-table'].map((name) => readFile(join(root, `src/${name}.ts`), 'utf8')),
    );
    const isRead = (name: string) => sources.some((text) => text.includes(name));
    expect(names.filter((name) => !isRead(name))).toEqual([]);
  });

  it('refuses DATASTORE_TYPE=kubernetes', async () => {
    const { code, err } = await runCli(['check'], { env: { DATASTORE_TYPE: 'kubernetes', NODENAME: 'node-a' } });
    expect(code).toBe(1);
    expect(err).toMatch(/Kubernetes API datastore is not built/);
  });
});

describe('from consul-template', () => {
  it('every key of the table is known, and history keeps what backup kept', async () => {
    const keys = rowsOf(consul)
      .flatMap(({ second }) => [...second.matchAll(/`([a-z_]+)(?: = ([^`]+))?`/g)])
      .filter(([, key = '']) => /^(?:mode|owner|group|reload_cmd|reload_cmd_timeout|check_cmd|history)$/.test(key));
    const values: Readonly<Record<string, string>> = {
      ...{ owner: '"root"', group: '"root"', reload_cmd: '"true"', reload_cmd_timeout: '"5s"', check_cmd: '"true"' },
    };
    const lines = keys.map(([, key = '', value]) => `${key} = ${value ?? values[key]}`);
    expect(lines).toHaveLength(7);
    const tables =
      '[template.wait]\nmin = "1s"\nmax = "2s"\n[template.retry]\nmax_attempts = 3\nbase_delay = "1s"\nmax_delay = "9s"\n';
    await resource(`${lines.join('\n')}\n${tables}`);
    await put('templates/t.hbs', 'as {{getv "/app/as"}}\n');
    expect(await confdWith(['check', 'file'])).toEqual({ code: 0, out: '', err: '' });
    await put('one.conf', 'as 1\n');
    expect((await run('-onetime')).code).toBe(0);
    expect((await stat(join(dir, 'one.conf'))).mode & 0o777).toBe(0o640);
    const kept = await readdir(join(dir, 'state'), { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      kept.filter((one) => one.isFile()).map((one) => readFile(join(one.parentPath, one.name), 'utf8')),
    );
    expect(texts).toContain('as 1\n');
  });

  it('a missing key is always an error, and no folder is made for dest', async () => {
    await resource('');
    await put('templates/t.hbs', '{{getv "/app/nothing"}}\n');
    const missing = await run('-onetime');
    expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('key does not exist: /app/nothing')]);
    await put('templates/t.hbs', 'text\n');
    await put('conf.d/one.toml', `[template]\nsrc = "t.hbs"\ndest = "${dir}/none/one.conf"\n`);
    const folder = await run('-onetime');
    expect([folder.code, folder.err]).toEqual([1, expect.stringMatching(/cannot stage .*none\/one\.conf/)]);
  });
});
