import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { runCli, startCli } from '../support/cli.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { readExposition } from '../support/exposition.ts';
import { temporaryFolder } from '../support/folder.ts';

let etcd: EtcdServer;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.stop());

const put = (key: string, value: string) => etcd.client.put(key).value(value);

/** A confdir, and confd over it. `resource`: lines of conf.d/NAME.toml; `template`: what becomes of its keys. */
async function confdir(backend: readonly string[] = ['-backend', 'etcdv3', '-node', etcd.endpoint]) {
  const dir = await temporaryFolder();
  for (const name of ['conf.d', 'templates', 'out']) await mkdir(join(dir, name));
  const args = (more: readonly string[]) => [
    ...['confd', ...backend, '-confdir', dir, '-config-file', join(dir, 'none'), '-state-dir', join(dir, 'state')],
    ...more,
  ];
  const start = (...more: string[]) => {
    const confd = startCli(args(more));
    onTestFinished(async () => void (await confd.stop('SIGKILL')));
    return confd;
  };
  return {
    dir,
    start,
    once: (...more: string[]) => runCli(args(['-onetime', ...more])),
    read: (name: string) => readFile(join(dir, name), 'utf8').catch(() => ''),
    names: async () => (await readdir(join(dir, 'out'))).sort(),
    template: (text: string) => writeFile(join(dir, 'templates/t'), text),
    resource: (name: string, lines: string) =>
      writeFile(
        join(dir, 'conf.d', `${name}.toml`),
        `[template]\nsrc = "t"\ndest = "${join(dir, 'out', name)}"\n${lines.replaceAll('DIR', dir)}\n`,
      ),
  };
}

it('-interval reads again each time it is over, follows conf.d meanwhile, and puts right what others have changed', async () => {
  const { start, read, template, resource, dir } = await confdir();
  await template('{{getv "/i/v"}}\n');
  await resource('one', 'keys = ["/i"]');
  await put('/i/v', '1');
  const confd = start('-interval', '1');
  await eventually(async () => expect(await read('out/one')).toBe('1\n'));
  await put('/i/v', '2');
  await eventually(async () => expect(await read('out/one')).toBe('2\n'));
  await resource('two', 'keys = ["/i"]');
  await eventually(async () => expect(await read('out/two')).toBe('2\n'));
  await rm(join(dir, 'conf.d/two.toml'));
  await confd.logged(/conf-dir-reread resources=1/);
  await writeFile(join(dir, 'out/one'), 'changed\n');
  await eventually(async () => expect(await read('out/one')).toBe('2\n'));
  expect((await confd.stop()).code).toBe(0);
});

it('-interval changes nothing between two of them', async () => {
  const { start, read, template, resource } = await confdir();
  await template('{{getv "/b/v"}}\n');
  await resource('one', 'keys = ["/b"]');
  await put('/b/v', '1');
  const confd = start('-interval', '3600', '-log-level', 'debug');
  await eventually(async () => expect(await read('out/one')).toBe('1\n'));
  await put('/b/v', '2');
  // What comes after it in etcd is seen by another process: so the first could have seen it, too.
  const witness = await confdir();
  await witness.template('{{getv "/b/v"}}\n');
  await witness.resource('one', 'keys = ["/b"]');
  expect((await witness.once()).code).toBe(0);
  expect([await witness.read('out/one'), await read('out/one')]).toEqual(['2\n', '1\n']);
  expect((await confd.stop()).code).toBe(0);
});

it('-prefix takes the place of a resource’s own, and -prefix-mode concat is put before it', async () => {
  const { once, read, template, resource } = await confdir();
  await template('{{getv "/v"}} {{#each (ls "/")}}{{this}} {{/each}}\n');
  await resource('one', 'prefix = "own"\nkeys = ["/v"]');
  await put('/own/v', 'own');
  await put('/all/v', 'all');
  await put('/all/own/v', 'both');
  await put('/all/other', 'unseen');
  const seen = [];
  for (const flags of [[], ['-prefix', '/all'], ['-prefix', 'all', '-prefix-mode', 'concat']]) {
    expect((await once(...flags)).code).toBe(0);
    seen.push(await read('out/one'));
  }
  expect(seen).toEqual(['own v \n', 'all v \n', 'both v \n']);
});

it('-sync-only runs no command and -keep-stage-file leaves the staged file', async () => {
  const { once, read, names, template, resource } = await confdir();
  await template('{{getv "/s/v"}}\n');
  await resource('one', 'keys = ["/s"]\ncheck_cmd = "echo c >> DIR/ran; false"\nreload_cmd = "echo r >> DIR/ran"');
  await put('/s/v', '1');
  expect((await once()).code).toBe(1);
  expect([await read('out/one'), await names(), await read('ran')]).toEqual(['', [], 'c\n']);
  expect((await once('-sync-only', '-keep-stage-file')).code).toBe(0);
  expect([await read('out/one'), await read('ran')]).toEqual(['1\n', 'c\n']);
  const [staged] = await names();
  expect(staged).toMatch(/^\.one\d+$/);
  expect(await read(`out/${staged}`)).toBe('1\n');
});

it('-backend file and env go all the way, and files live', async () => {
  const keys = join(await temporaryFolder(), 'keys.yaml');
  await writeFile(keys, 'app: {name: one, hosts: [a, b]}\n');
  const file = await confdir(['-backend', 'file', '-file', keys]);
  await file.template('{{getv "/name"}}{{#each (gets "/hosts/*")}} {{base Key}}={{Value}}{{/each}}\n');
  await file.resource('one', 'prefix = "/app"\nkeys = ["/"]');
  const confd = file.start('-watch');
  await eventually(async () => expect(await file.read('out/one')).toBe('one 0=a 1=b\n'));
  await writeFile(keys, 'app: {name: two}\n');
  await eventually(async () => expect(await file.read('out/one')).toBe('two\n'));
  expect((await confd.stop()).code).toBe(0);
  const env = await confdir(['env']);
  await env.template('{{getv "/home"}}\n');
  await env.resource('one', 'keys = ["/home"]');
  const args = ['confd', 'env', '-confdir', env.dir, '-state-dir', join(env.dir, 'state'), '-onetime'];
  expect((await runCli(args, { env: { HOME: '/home/x' } })).code).toBe(0);
  expect(await env.read('out/one')).toBe('/home/x\n');
});

it('-status-address answers for machines: what is ready, what went wrong where, and in numbers', async () => {
  const { start, template, resource, read } = await confdir();
  await template('{{getv "/h/v"}}\n');
  await resource('good', 'keys = ["/h"]');
  await resource('bad', 'keys = ["/h"]\ncheck_cmd = "! grep -q secret {{.src}}"');
  await put('/h/v', 'fine');
  const confd = start('-watch', '-status-address', '127.0.0.1:0');
  await confd.logged(/status-address port=\d+/);
  const port = /status-address port=(\d+)/.exec(confd.said().err)?.[1];
  const ask = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method });
  const ready = async () => {
    const answer = await ask('/readyz');
    return [answer.status, await answer.text()];
  };
  await eventually(async () => expect(await ready()).toEqual([200, 'ready\n']));
  await put('/h/v', 'a secret');
  await eventually(async () => expect(await ready()).toEqual([503, 'bad: check command-failed\n']));
  const status = (await (await ask('/status')).json()) as Record<string, unknown>;
  expect(status).toMatchObject({ ready: false, backend: { inSync: true, error: null } });
  expect(status.units).toMatchObject([
    { unit: 'bad', outcome: 'failed', error: { stage: 'check', code: 'command-failed' } },
    { unit: 'good', error: null },
  ]);
  const metrics = await ask('/metrics');
  expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
  const series = readExposition(await metrics.text());
  const value = (name: string, labels: object = {}) =>
    series.find((one) => one.name === `birdconfd_${name}` && JSON.stringify(one.labels) === JSON.stringify(labels))
      ?.value;
  expect([value('target_ready', { target: 'good' }), value('target_ready', { target: 'bad' })]).toEqual([1, 0]);
  expect([value('datastore_in_sync'), value('datastore_staleness_seconds')]).toEqual([1, 0]);
  expect(value('failures_total', { target: 'bad', stage: 'check', code: 'command-failed' })).toBeGreaterThanOrEqual(1);
  expect(value('passes_total', { target: 'good', outcome: 'confirmed' })).toBeGreaterThanOrEqual(1);
  const all = [JSON.stringify(status), JSON.stringify(series), await (await ask('/readyz')).text()].join();
  expect(all).not.toContain('a secret');
  const [alive, other, post] = [await ask('/livez'), await ask('/other'), await ask('/status', 'POST')];
  expect([alive.status, other.status, post.status]).toEqual([200, 404, 405]);
  expect(await read('out/bad')).toBe('fine\n');
  expect((await confd.stop()).code).toBe(0);
});

it('-status-address says why it cannot be had', async () => {
  const { start } = await confdir();
  const { code, err } = await start('-watch', '-status-address', 'nowhere').finished;
  expect([code, err]).toEqual([1, expect.stringContaining('-status-address: expected HOST:PORT, found "nowhere"')]);
});
