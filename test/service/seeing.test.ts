import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { askService } from '../../src/control/client.ts';
import { startBird, type TestBird } from '../support/bird.ts';
import { runCli, startCli } from '../support/cli.ts';
import { SMALL_CLUSTER } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { readExposition, type Series } from '../support/exposition.ts';
import { notifySocket } from '../support/notify-socket.ts';
import { BOOT_CONFIG } from '../support/target-bench.ts';

const deploy = (name: string) => readFile(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');

/** Made by who scrapes, and by the histogram's own rules. */
const OTHERS = ['up'];

/** The metrics of an expression, each with the labels that its selector asks for. */
function metricsIn(expression: string): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  return [...expression.matchAll(/\b([a-z]\w*_\w+)\b(?!\s*\()(?:\{([^}]*)\})?/g)]
    .filter(([, name = '']) => /^(?:birdconfd|process)_/.test(name))
    .map(([, name = '', selector = '']) => ({
      name,
      labels: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    }));
}

const isBalanced = (expression: string): boolean =>
  ['()', '{}', '[]'].every(
    ([open = '', close = '']) => expression.split(open).length === expression.split(close).length,
  );

describe('a running service, seen from outside', () => {
  let bird: TestBird;
  let bird6: TestBird;
  let service: ReturnType<typeof startCli>;
  let said: () => readonly string[];
  let end: () => Promise<unknown>;
  const path = (name: string) => join(bird.dir, name);
  const ask = (where: string) => askService(path('state'), 'GET', where);
  const status = async () => JSON.parse((await ask('/status')).text);
  const series = async () => readExposition((await ask('/metrics')).text);
  const whereabouts = () => [
    ...['--state-dir', path('state'), '--output', bird.dir],
    ...['--bird-socket', bird.socket, '--bird6-socket', bird6.socket],
  ];

  beforeAll(async () => {
    bird = await startBird(BOOT_CONFIG);
    await writeFile(path('bird6.conf'), BOOT_CONFIG);
    bird6 = await startBird(BOOT_CONFIG, '/usr/sbin/bird6', { configFile: path('bird6.conf') });
    await writeFile(path('etcd.json'), JSON.stringify(Object.fromEntries(SMALL_CLUSTER)));
    await writeFile(path('ready'), 'of a predecessor');
    const listening = await notifySocket(path('notify'));
    ({ said } = listening);
    end = listening.end;
    const data = ['--input', path('etcd.json'), '--node', 'node-a', '--bird', '1.6', '--metrics-per-peer'];
    const args = ['run', ...data, ...whereabouts(), '--ready-file', path('ready'), '--log-format', 'json'];
    service = startCli(args, { env: { NOTIFY_SOCKET: path('notify') } });
    await service.logged(/"in-sync"/);
    await eventually(async () => expect((await status()).targets).toMatchObject([{ ready: true }, { ready: true }]), {
      timeoutMs: 40_000,
    });
  });
  afterAll(async () => {
    await service?.stop('SIGKILL');
    await end?.();
    await bird6?.stop();
    await bird?.stop();
  });

  it('tells systemd, and by a file, that BIRD runs what the data ask for', async () => {
    await eventually(() => expect(said()).toContain('READY=1'));
    expect(await readFile(path('ready'), 'utf8')).toBe(`${service.child.pid}\n`);
    expect(said().filter((line) => line === 'READY=1')).toHaveLength(1);
  });

  it('has a status as its schema describes it', async () => {
    const schema = JSON.parse(await deploy('status.schema.json'));
    const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
    const report = await status();
    ajv.validate(schema, report);
    expect(ajv.errors).toBeNull();
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(report.targets[0]).toMatchObject({
      ...{ name: 'bird', transaction: 'idle', wanted: digest, live: report.targets[0].wanted },
      lastPass: { timings: { render: expect.any(Number) } },
      daemon: { gracefulRestart: false },
      sessions: [{ name: expect.stringMatching(/^Mesh_/), established: false }, {}],
    });
    // Without a word for what it leaves out the schema would say nothing.
    expect(ajv.validate(schema, { ...report, more: 1 })).toBe(false);
  });

  it('logs each move of the transaction with the pass that it is of', () => {
    const events = service
      .said()
      .err.split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const moves = events.filter(({ event, target }) => event === 'transition' && target === 'bird');
    const pass = events.find(
      ({ event, target, steps }) => event === 'pass' && target === 'bird' && steps === 'commit,reload',
    );
    expect(moves.map(({ from, to }) => `${from} ${to}`)).toEqual([
      'idle committing',
      'committing owed',
      'owed asked',
      'asked verifying',
      'verifying idle',
    ]);
    expect(new Set(moves.map((move) => move.pass))).toEqual(new Set([pass.pass]));
    expect(moves[0].bundle).toMatch(/^[0-9a-f]{12}$/);
  });

  it('answers probes: not before the sessions are up, whoever is asked', async () => {
    const message = /BIRD has just started, and not Established yet: Mesh_192_0_2_|no session is Established: Mesh_192/;
    expect(await ask('/readyz')).toMatchObject({ status: 503, text: expect.stringMatching(message) });
    expect(await ask('/readyz?target=bird6')).toEqual({ kind: 'answered', status: 200, text: 'ready\n' });
    expect(await runCli(['status', '--ready=calico', ...whereabouts()])).toMatchObject({ code: 1, out: message });
    expect((await runCli(['status', '--ready', '--target', 'bird6', ...whereabouts()])).code).toBe(0);
  });

  it('exports every metric, with every label, that the alert rules and the dashboard name', async () => {
    const exported = new Map<string, Set<string>>();
    for (const { name, labels } of await series())
      exported.set(name, new Set([...(exported.get(name) ?? ['instance', 'job']), ...Object.keys(labels)]));
    // Nothing is wrong with these data, so that there is no series to be seen.
    exported.set('birdconfd_diagnostics', new Set(['target', 'severity', 'code', 'instance']));
    exported.set('birdconfd_failures_total', new Set(['target', 'stage', 'code', 'instance']));
    const { groups } = parse(await deploy('prometheus-rules.yaml'));
    const rules: readonly Record<string, never>[] = groups.flatMap((group: { readonly rules: never }) => group.rules);
    for (const rule of rules) {
      expect(rule).toMatchObject({
        alert: expect.stringMatching(/^Birdconfd[A-Z]\w+$/),
        labels: { severity: expect.stringMatching(/^(critical|warning)$/) },
        annotations: { summary: expect.any(String), description: expect.any(String) },
      });
      expect(String(rule.for ?? '0s')).toMatch(/^\d+[smh]$/);
    }
    const dashboard = JSON.parse(await deploy('grafana-dashboard.json'));
    const panels: readonly { id: number; targets: readonly { expr: string }[] }[] = dashboard.panels;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const expressions = [
      ...rules.map(({ expr }) => String(expr)),
      ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ];
    expect(expressions.length).toBeGreaterThan(25);
    expect(expressions.filter((each) => !isBalanced(each) || metricsIn(each).length === 0)).toEqual([]);
    const unknown = expressions.flatMap(metricsIn).flatMap(({ name, labels }) => {
      if (OTHERS.includes(name)) return [];
      const known = exported.get(name);
      return known ? labels.filter((label) => !known.has(label)).map((label) => `${name}{${label}}`) : [name];
    });
    expect(unknown).toEqual([]);
  });

  it('exports what the README says, and nothing else', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const section = readme.slice(readme.indexOf('| metric | labels |'), readme.indexOf('**A bug report.**'));
    const told = [...section.matchAll(/`((?:birdconfd|process)_\w+)`/g)].map(([, name = '']) => name);
    const help = [...(await ask('/metrics')).text.matchAll(/^# HELP (\S+) /gm)].map(([, name = '']) => name);
    expect(told.sort()).toEqual(help.sort());
  });

  it('counts what it did, and shows each session where that was asked for', async () => {
    const all = await series();
    const value = (name: string, labels: Series['labels']) =>
      all.find((each) => each.name === name && Object.entries(labels).every(([k, v]) => each.labels[k] === v))?.value;
    expect(value('birdconfd_reloads_total', { target: 'bird', result: 'confirmed' })).toBe(1);
    expect(value('birdconfd_session_changes_total', { target: 'bird', change: 'added' })).toBeGreaterThan(1);
    expect(value('birdconfd_session_established', { target: 'bird', session: 'Mesh_192_0_2_2' })).toBe(0);
    expect(value('birdconfd_build_info', {})).toBe(1);
    expect(value('process_resident_memory_bytes', {})).toBeGreaterThan(1e7);
    expect((await ask('/log')).text).toContain('"transition"');
  });

  it('gives a folder for bug reports, also once it is down', async () => {
    const made = await runCli([
      'support',
      path('report'),
      '--input',
      path('etcd.json'),
      '--node',
      'node-a',
      ...whereabouts(),
    ]);
    expect(made).toEqual({ code: 0, out: `${path('report')}\n`, err: '' });
    const names = [
      'versions.json',
      'settings.json',
      'status.json',
      'status.txt',
      'readyz.txt',
      'metrics.txt',
      'log.txt',
      'plan.txt',
    ];
    const ofBird = [
      'ledger.json',
      'live/bird.conf',
      'confirmed-0/bird.conf',
      'show-protocols-all.txt',
      'show-status.txt',
    ];
    const all = [...names, ...ofBird.map((name) => `bird/${name}`)];
    expect(all.filter((name) => !existsSync(join(path('report'), name)))).toEqual([]);
    expect((await stat(path('report'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(path('report'), 'settings.json'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(path('report'), 'plan.txt'), 'utf8')).toBe(
      'bird: nothing to do\nbird6: nothing to do\n',
    );
    expect(await readFile(join(path('report'), 'bird/show-protocols-all.txt'), 'utf8')).toContain('Mesh_192_0_2_2');
    expect(await runCli(['support', path('report'), ...whereabouts()])).toMatchObject({ code: 1, err: /EEXIST/ });
  });

  it('says goodbye', async () => {
    expect((await service.stop()).code).toBe(0);
    await eventually(() => expect(said().at(-1)).toBe('STOPPING=1'));
    expect(existsSync(path('ready'))).toBe(false);
    const made = await runCli([
      'support',
      path('down'),
      '--input',
      path('etcd.json'),
      '--node',
      'node-a',
      ...whereabouts(),
    ]);
    expect(made).toMatchObject({ code: 0, err: /missing: status: no birdconfd is running/ });
    expect(await readFile(join(path('down'), 'missing.txt'), 'utf8')).toMatch(
      /^status: .*\nreadiness: .*\nmetrics: .*\nlog: .*\n$/,
    );
  });
});
