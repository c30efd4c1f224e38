import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { piecesOf } from '../../src/bird/pieces.ts';
import { readConfiguration } from '../../src/bird/protocols.ts';
import { resourceKey } from '../../src/core/keys.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { readTemplates } from '../../src/host/read-templates.ts';
import { originsAt } from '../../src/render/bundle.ts';
import { Environment } from '../../src/render/environment.ts';
import { renderFamily } from '../../src/render/render-family.ts';
import { expandIncludes, wholeOf } from '../../src/render/whole.ts';
import { buildBoth } from '../bgp/build.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { configuration, node, peer, SMALL_CLUSTER } from '../support/cluster.ts';
import { selfFor } from '../support/self.ts';

const tree = fileURLToPath(new URL('../../templates', import.meta.url));
const templates = await readTemplates(tree, 'bird1');
const OPTIONS = { layout: 'single', version: '1.2.3' } as const;

/** One service's life: the same decoder and environment over a store that changes. */
function service(layout: 'single' | 'calico' = 'single') {
  const store = new TestStore('node-a', SMALL_CLUSTER);
  const decoder = new ResourcesDecoder('node-a', new Map());
  const environment = new Environment(templates);
  const render = () => {
    const { value } = buildBoth(decoder.decode(store.snapshot()), selfFor('node-a'));
    return renderFamily(environment, value![4], { ...OPTIONS, layout });
  };
  return { store, render };
}

const blockOf = (bundle: ReturnType<ReturnType<typeof service>['render']>, text: string) =>
  bundle.files.flatMap((file) => file.blocks).find((block) => block.text.includes(text));

describe('rendering again', () => {
  it('gives the same bytes and the same blocks for the sessions where nothing changed', () => {
    const { store, render } = service();
    const before = render();
    expect(render()).toEqual(before);
    store.put(...node('node-z', '192.0.2.26/24'));
    const after = render();
    for (const name of ['Mesh_192_0_2_2', 'Mesh_192_0_2_3'])
      expect(blockOf(after, `protocol bgp ${name} `)).toBe(blockOf(before, `protocol bgp ${name} `));
    expect(blockOf(after, 'protocol bgp Mesh_192_0_2_26 ')).toBeDefined();
    expect(after.statements).not.toBe(before.statements);
    expect(after.files[0].blocks[0]).toBe(before.files[0].blocks[0]);
  });

  it('gives a changed session another block, and none that is gone', () => {
    const { store, render } = service();
    const before = render();
    store.put(...configuration('node.node-b', { listenPort: 1179 }));
    store.delete(resourceKey('Node', 'node-c'));
    const after = render();
    expect(blockOf(after, 'neighbor 192.0.2.2 port 1179 as')).not.toBe(blockOf(before, 'neighbor 192.0.2.2 as'));
    expect(blockOf(after, 'Mesh_192_0_2_3')).toBeUndefined();
  });

  it('goes on as before after a template failed', () => {
    const environment = new Environment(
      new Map([
        ['t', 'a;\n{{block "ok" part}}{{block "part" part}}'],
        ['ok', 'b;\n'],
        ['part', '{{#if v}}{{quote w}};\n{{/if}}'],
      ]),
    );
    const view = (v: boolean, w: unknown) => ({ part: { v, w, origins: [] }, origins: [] });
    const good = environment.render('t', view(false, null));
    expect(() => environment.render('t', view(true, null))).toThrow('quote takes a string');
    expect(environment.render('t', view(false, null))).toEqual(good);
    expect(good.map(({ text }) => text)).toEqual(['a;\n', 'b;\n', '']);
  });
});

describe('blocks', () => {
  it('tell which resources are behind a line', () => {
    const { store, render } = service();
    store.put(...peer('upstream', { peerIP: '203.0.113.1', asNumber: 64496 }));
    store.put(...configuration('default', {}));
    const [file] = render().files;
    const at = (text: string) => originsAt(file, file.text.slice(0, file.text.indexOf(text)).split('\n').length);
    expect(at('neighbor 203.0.113.1')).toEqual([resourceKey('BGPPeer', 'upstream')]);
    expect(at('neighbor 192.0.2.3')).toEqual([resourceKey('Node', 'node-c')]);
    expect(at('route 198.51.100.0/26')).toEqual(['/calico/ipam/v2/host/node-a/ipv4/block/198.51.100.0-26']);
    expect(at('filter calico_kernel_programming {')).toEqual([resourceKey('IPPool', 'pool-1')]);
    expect(at('router id')).toEqual([resourceKey('Node', 'node-a'), resourceKey('BGPConfiguration', 'default')]);
  });

  it('are the file, joined, and each as digested as it stands', () => {
    for (const layout of ['single', 'calico'] as const) {
      for (const file of service(layout).render().files)
        expect(file.blocks.map(({ text }) => text).join('')).toBe(file.text);
    }
  });

  it('are cut nowhere else than between top-level statements, so that the digests are those of the whole text', async () => {
    const { digestsOfTexts } = await import('../../src/render/bundle.ts');
    for (const layout of ['single', 'calico'] as const) {
      const bundle = service(layout).render();
      const onDisk = bundle.files.map(({ name, text }) => ({ name, text }));
      expect(digestsOfTexts(onDisk)).toEqual({ bytes: bundle.bytes, statements: bundle.statements });
    }
  });

  it('are what the whole configuration is read in, includes in their place', () => {
    const [single, calico] = (['single', 'calico'] as const).map((layout) => service(layout).render().files);
    const pieces = piecesOf(wholeOf(calico!));
    expect(pieces.map(({ text }) => text).join('')).toBe(expandIncludes(calico!));
    for (const { blocks } of calico!.slice(1)) expect(pieces).toEqual(expect.arrayContaining([...blocks]));
    expect(wholeOf(calico!)).toBe(wholeOf(calico!));
    expect(readConfiguration(wholeOf(calico!)).protocols).toEqual(readConfiguration(single![0].text).protocols);
  });
});

describe('renderFamily', () => {
  it('names the files by layout, the daemon’s first', () => {
    expect(
      service('single')
        .render()
        .files.map(({ name }) => name),
    ).toEqual(['bird.conf']);
    expect(
      service('calico')
        .render()
        .files.map(({ name }) => name),
    ).toEqual(['bird.cfg', 'bird_aggr.cfg', 'bird_ipam.cfg']);
  });

  it('begins every file with a header of one comment that bears the version', () => {
    for (const { text } of service('calico').render().files) expect(text).toMatch(/^# birdconfd 1\.2\.3: .*\n(?!#)/);
  });

  it('gives no version its own statements', () => {
    const decoded = new ResourcesDecoder('node-a', new Map()).decode(new TestStore('node-a', SMALL_CLUSTER).snapshot());
    const { value } = buildBoth(decoded, selfFor('node-a'));
    const [one, two] = ['1.0.0', '2.0.0'].map((version) =>
      renderFamily(new Environment(templates), value![4], { ...OPTIONS, version }),
    );
    expect(two!.statements).toBe(one!.statements);
    expect(two!.bytes).not.toBe(one!.bytes);
  });
});

describe('templates', () => {
  it('leave quotes to the quote helper (architecture 7)', async () => {
    const names = (await readdir(tree, { recursive: true })).filter((name) => name.endsWith('.hbs'));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(await readFile(join(tree, name), 'utf8'), name).not.toMatch(/["']\{\{|\}\}["']/);
  });

  it('cut no block out of a block', () => {
    const texts = new Map([
      ['t', '{{block "outer" this}}'],
      ['outer', 'a;\n{{block "inner" this}}'],
      ['inner', 'b;\n'],
    ]);
    expect(() => new Environment(texts).render('t', { origins: [] })).toThrow(
      'bug: outer.hbs cuts a block out of a block',
    );
  });

  it('that are not there are named', () => {
    expect(() => new Environment(new Map()).render('bird', { origins: [] })).toThrow(
      'the templates have no file bird.hbs',
    );
    const environment = new Environment(new Map([['t', '{{block "none" this}}']]));
    expect(() => environment.render('t', { origins: [] })).toThrow('the templates have no file none.hbs');
  });

  it('call only helpers that are there', () => {
    const environment = new Environment(new Map([['t', '{{shout "x"}}']]));
    expect(() => environment.render('t', { origins: [] })).toThrow(/shout/);
  });
});
