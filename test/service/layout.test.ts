import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { prepareTargets } from '../../src/cli/prepare-bgp.ts';
import { prefixesFor } from '../../src/core/keys.ts';
import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { prepare } from '../../src/service/prepare.ts';
import { resolveSettings } from '../../src/settings.ts';
import { node } from '../support/cluster.ts';

const V1 = {
  '/calico/bgp/v1/host/node-a/ip_addr_v4': '192.0.2.1',
  '/calico/bgp/v1/host/node-b/ip_addr_v4': '192.0.2.2',
};

/** One life of the service without a BIRD: one pass. What a service would ask its datastore for, and what it wrote. */
async function live(dir: string, entries: Readonly<Record<string, string>>) {
  const over = new AbortController();
  const [output, socket] = [join(dir, 'etc'), join(dir, 'nobody.ctl')];
  const flags = { bird: '1.6', check: 'none', node: 'node-a', output, 'bird-socket': socket, 'bird6-socket': socket };
  const { all, settings } = await prepare(
    await resolveSettings(flags, {}),
    (settings, known) => prepareTargets(settings, { ...known, runsBird: true }),
    () => {},
  );
  const store = new MemoryDatastore(entries);
  const prefixes = prefixesFor('node-a', settings.data);
  await store.start(prefixes, () => {}, over.signal);
  for (const one of all) await one.pass(() => store.snapshot(), { isQuiet: true, signal: over.signal });
  over.abort();
  return { data: settings.data, prefixes, file: await readFile(join(output, 'bird.conf'), 'utf8') };
}

it('keeps the layout that it saw first, also when data of the other one appear while it is away', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-layout-'));
  try {
    const first = await live(dir, V1);
    expect(first).toMatchObject({ data: null, file: expect.stringContaining('Mesh_192_0_2_2') });
    const both = { ...V1, ...Object.fromEntries([node('node-a', '192.0.2.1/24'), node('node-c', '192.0.2.3/24')]) };
    const second = await live(dir, both);
    expect(second).toMatchObject({ data: 'v1', file: first.file });
    expect(second.prefixes).not.toEqual(first.prefixes);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
