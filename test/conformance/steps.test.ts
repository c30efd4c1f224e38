import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runCli, startCli } from '../support/cli.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/folder.ts';

const corpus = fileURLToPath(new URL('../../../shared/conformance/corpus', import.meta.url));
const isThere = existsSync(corpus);
if (!isThere) console.log(`skipped: the stepwise cases are not at ${corpus}`);

const read = (...path: readonly string[]): string | null => {
  const at = join(...path);
  return existsSync(at) ? readFileSync(at, 'utf8') : null;
};

/** Cases whose folders step1, step2, … are states of one store, each with the steps in order. */
function stepwiseCases(dir: string): readonly (readonly [string, readonly string[]])[] {
  const names = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const numbered = names
    .filter((name) => /^step\d+$/.test(name))
    .sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)));
  const below = names.filter((name) => name !== 'expected').flatMap((name) => stepwiseCases(join(dir, name)));
  const moves = numbered.some((name) => read(dir, name, 'mutations.json') !== null);
  const start = read(dir, 'etcd.json') === null ? [] : [dir]; // what the first step's mutations start from, else an empty store
  return moves ? [[dir, [...start, ...numbered.map((name) => join(dir, name))]], ...below] : below;
}

interface Mutation {
  readonly key: string;
  readonly op: 'put' | 'delete';
  readonly value?: string;
}

/** What leads to a step: what it says, or whatever makes the store equal to its state. */
async function mutationsTo(step: string, etcd: EtcdServer): Promise<readonly Mutation[]> {
  const given = read(step, 'mutations.json');
  if (given !== null) return JSON.parse(given);
  const state: Record<string, string> = JSON.parse(read(step, 'etcd.json') ?? '{}');
  const now = await etcd.client.getAll().prefix('/calico/').keys();
  const gone = now.filter((key) => !(key in state)).map((key) => ({ key, op: 'delete' }) as const);
  return [...Object.entries(state).map(([key, value]) => ({ key, op: 'put', value }) as const), ...gone];
}

const cases = isThere ? stepwiseCases(corpus) : [];

describe.runIf(isThere)('a running service, through the steps of a case', () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(() => etcd?.stop());

  const filesIn = async (dir: string) => {
    const names = (await readdir(dir)).filter((name) => name.endsWith('.cfg')).sort();
    return Promise.all(names.map(async (name) => [name, await readFile(join(dir, name), 'utf8')]));
  };

  it.each(cases.map(([dir, steps]) => [relative(corpus, dir), steps] as const))('%s', async (_name, steps) => {
    await etcd.client.delete().prefix('/calico/');
    const dir = await temporaryFolder();
    const kubernetes = join(dir, 'kubernetes.json');
    const setKubernetes = (step: string) => {
      const lists = Object.values(JSON.parse(read(step, 'kubernetes.json') ?? '{}')).flat();
      writeFileSync(kubernetes, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: lists }));
    };
    const [first = ''] = steps;
    setKubernetes(first);
    const env: Record<string, string> = JSON.parse(read(first, 'env.json') ?? '{}');
    const common = ['--endpoints', etcd.endpoint, '--input', kubernetes, '--layout', 'calico', '--bird', 'calico'];
    const more = [...common, '--allow-missing-password'];
    const sockets = ['--bird-socket', join(dir, 'b.ctl'), '--bird6-socket', join(dir, 'b6.ctl')];
    const service = startCli(
      ['run', ...more, ...sockets, '--check', 'none', '--quiet-ms', '20', '--output', join(dir, 'out')],
      { env },
    );
    onTestFinished(async () => void (await service.stop('SIGKILL')));
    await service.logged(/in-sync/);
    for (const step of steps) {
      setKubernetes(step);
      for (const { key, op, value } of await mutationsTo(step, etcd)) {
        if (op === 'put') await etcd.client.put(key).value(value ?? '');
        else await etcd.client.delete().key(key);
      }
      const { code, err } = await runCli(['render', ...more, '--output', join(dir, 'fresh')], { env });
      expect([0, 3], err).toContain(code);
      const fresh = await filesIn(join(dir, 'fresh'));
      expect(fresh.length).toBe(6);
      await eventually(async () => expect(await filesIn(join(dir, 'out')), relative(corpus, step)).toEqual(fresh));
    }
  });

  it('has cases', () => {
    const steps = cases.flatMap(([, all]) => all).length;
    console.log(`replayed ${steps} steps of ${cases.length} stepwise cases`);
    expect(steps).toBeGreaterThan(0);
  });
});
