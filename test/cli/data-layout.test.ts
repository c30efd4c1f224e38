import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { bgpTargets } from '../../src/bgp-targets.ts';
import { type DataLayout, prefixesFor } from '../../src/core/keys.ts';
import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { readLayoutTemplates } from '../../src/host/layout-templates.ts';
import { builtInTemplates } from '../../src/host/read-templates.ts';
import { runCli } from '../support/cli.ts';
import { SMALL_CLUSTER } from '../support/cluster.ts';
import { temporaryFolder } from '../support/folder.ts';
import { selfFor } from '../support/self.ts';

const V1 = { '/calico/bgp/v1/host/node-a/ip_addr_v4': '192.0.2.101' };
const V3 = Object.fromEntries(SMALL_CLUSTER);

describe('data of both layouts', () => {
  let dir: string;
  let common: readonly string[];
  beforeEach(async () => {
    dir = await temporaryFolder();
    await writeFile(join(dir, 'in.json'), JSON.stringify({ ...V1, ...V3 }));
    const sockets = ['--bird-socket', join(dir, 'b.ctl'), '--bird6-socket', join(dir, 'b6.ctl')];
    const daemons = ['--bird', '1.6', '--output', join(dir, 'out')];
    common = ['--input', join(dir, 'in.json'), '--node', 'node-a', ...daemons, ...sockets];
  });

  it.each(['render', 'check', 'plan', 'run', 'run --once'])('are asked about: %s', async (verb) => {
    const { code, err } = await runCli([...verb.split(' '), ...common]);
    expect({ code, asked: err.match(/say which one counts with --data v1 or --data v3/)?.length }).toEqual({
      code: 1,
      asked: 1,
    });
  });

  it.each([
    ['v1', 'router id 192.0.2.101;'],
    ['v3', 'router id 192.0.2.1;'],
  ])('are read as --data %s says', async (data, text) => {
    expect((await runCli(['render', ...common, '--data', data])).code).toBe(0);
    expect(await readFile(join(dir, 'out/bird.conf'), 'utf8')).toContain(text);
  });
});

describe('the layout, where nobody names it', () => {
  async function followed(data: DataLayout | null = null) {
    const { v1: v1Templates, v3: templates } = await readLayoutTemplates(builtInTemplates(), 'bird1', null);
    const rendering = { flavour: '1.6', layout: 'single', templates, version: 'test' } as const;
    const v1 = { templates: v1Templates, data, ownAddresses: { 4: null, 6: null }, allowCustomFilters: false };
    const daemon = { binary: 'bird' };
    const [target] = bgpTargets(
      { self: selfFor('node-a'), lastGood: new Map(), ...rendering, v1 },
      { output: '/nowhere', bird: daemon, bird6: daemon },
    );
    const store = new MemoryDatastore();
    await store.start(prefixesFor('node-a', data), () => {}, new AbortController().signal);
    const put = (values: Readonly<Record<string, string>>) => {
      for (const [key, value] of Object.entries(values)) store.put(key, value);
      const { data: found, bundle } = target.render(store.snapshot(), null);
      return [found, bundle?.files[0].text.match(/router id (\S+);/)?.[1] ?? null];
    };
    return put;
  }

  it('is open while there are no data, then what is there, and stays that', async () => {
    const put = await followed();
    expect(put({})).toEqual([null, null]);
    expect(put(V1)).toEqual(['v1', '192.0.2.101']);
    expect(put(V3)).toEqual(['v1', '192.0.2.101']);
  });

  it('is v3 as soon as there is a resource', async () => {
    const put = await followed();
    expect(put(V3)).toEqual(['v3', '192.0.2.1']);
    expect(put(V1)).toEqual(['v3', '192.0.2.1']);
  });

  it('is not looked for where it is remembered', async () => {
    const put = await followed('v1');
    expect(put(V3)).toEqual(['v1', null]);
    expect(put(V1)).toEqual(['v1', '192.0.2.101']);
  });
});
