import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../src/core/clock.ts';
import { prefixesFor, resourceKey, SECRET_FILES, STATUS_FILES, secretFileKey } from '../src/core/keys.ts';
import { openDatastore } from '../src/open-datastore.ts';
import { resolveSettings } from '../src/settings.ts';
import { startEtcd } from './support/etcd.ts';
import { eventually } from './support/eventually.ts';
import { temporaryFolder } from './support/folder.ts';

const POOL = resourceKey('IPPool', 'a');
const SERVICE = 'k8s:/Service/default/web';
const PASSWORD = secretFileKey('bgp', 'password');

let dir: string;
let statuses: string;
beforeEach(async () => {
  dir = await temporaryFolder();
  statuses = join(dir, 'run/endpoint-status');
  await mkdir(join(dir, 'secrets/bgp'), { recursive: true });
  await writeFile(join(dir, 'secrets/bgp/password'), 'one');
  const data = { [POOL]: '{"from":"files"}', [SERVICE]: '{}' };
  await writeFile(join(dir, 'in.json'), JSON.stringify({ kind: 'Keys', data }));
});

/** The datastore that `flags` and the folders above make, started, and what its snapshots hold. */
async function opened(flags: Readonly<Record<string, string | readonly string[]>>, watch = true) {
  const environment = { CALICO_ENDPOINT_STATUS_PATH_PREFIX: join(dir, 'run') };
  const settings = await resolveSettings({ ...flags, node: 'node-a' }, environment);
  const log = vi.fn();
  const store = await openDatastore(settings, { log, clock: systemClock, watch });
  onTestFinished(() => store.close());
  const onNewer = vi.fn();
  const prefixes = prefixesFor('node-a');
  await store.start(prefixes, onNewer, new AbortController().signal);
  const texts = () => {
    const all = prefixes.flatMap((prefix) => [...store.snapshot().entries(prefix)]);
    return Object.fromEntries(all.map(([key, { value }]) => [key, value]));
  };
  return { store, texts, log, onNewer };
}

it('lays passwords and the status of workloads beside files, and follows both', async () => {
  const { texts, store, onNewer } = await opened({
    input: [join(dir, 'in.json')],
    'secrets-dir': join(dir, 'secrets'),
  });
  const input = { [POOL]: '{"from":"files"}', [SERVICE]: '{}' };
  expect(texts()).toEqual({ ...input, [PASSWORD]: 'one' });
  expect(store.health()).toEqual({ inSync: true, staleSince: null, lastError: null });
  const becomes = (expected: Record<string, string>) => eventually(() => expect(texts()).toEqual(expected));
  await writeFile(join(dir, 'secrets/bgp/.new'), 'two');
  await rename(join(dir, 'secrets/bgp/.new'), join(dir, 'secrets/bgp/password'));
  await becomes({ ...input, [PASSWORD]: 'two' });
  await mkdir(statuses, { recursive: true });
  await writeFile(join(statuses, 'w1'), '{}');
  await becomes({ ...input, [PASSWORD]: 'two', [`${STATUS_FILES}w1`]: '{}' });
  await rm(join(dir, 'run'), { recursive: true });
  await becomes({ ...input, [PASSWORD]: 'two' });
  expect(onNewer).toHaveBeenCalled();
});

it('lays all of them beside etcd, which wins, and which is asked for its own keys alone', async () => {
  const etcd = await startEtcd();
  onTestFinished(() => etcd.stop());
  await etcd.client.put(POOL).value('{"from":"etcd"}');
  await etcd.client.put(PASSWORD).value('not from here');
  await mkdir(statuses, { recursive: true });
  await writeFile(join(statuses, 'w1'), '{}');
  const flags = { endpoints: etcd.endpoint, input: [join(dir, 'in.json')], 'secrets-dir': join(dir, 'secrets') };
  const { texts, store } = await opened(flags, false);
  expect(texts()).toEqual({
    [POOL]: '{"from":"etcd"}',
    [SERVICE]: '{}',
    [PASSWORD]: 'one',
    [`${STATUS_FILES}w1`]: '{}',
  });
  expect(store.snapshot().entries(SECRET_FILES).get(PASSWORD)?.origin).toBe(join(dir, 'secrets/bgp/password'));
});

it('needs neither directory', async () => {
  const { texts, store, log } = await opened({ input: [join(dir, 'in.json')], 'secrets-dir': join(dir, 'none') });
  expect(Object.keys(texts())).toEqual([POOL, SERVICE]);
  expect(store.snapshot().diagnostics).toEqual([]);
  expect(store.health()).toEqual({ inSync: true, staleSince: null, lastError: null });
  expect(log).not.toHaveBeenCalled();
});
