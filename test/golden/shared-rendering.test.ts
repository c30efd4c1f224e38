import { appendFile, cp, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FamilyBgp } from '../../src/bgp/node-bgp.ts';
import type { NamedText } from '../../src/core/named-text.ts';
import { sameModel } from '../../src/core/same-model.ts';
import { Secret } from '../../src/core/secret.ts';
import { renderScenario } from '../../src/golden/render-scenario.ts';
import { RenderedOnce } from '../../src/golden/rendered-once.ts';
import { runCase } from '../../src/golden/run-case.ts';
import { readScenario } from '../../src/golden/scenario.ts';
import { Templates } from '../../src/golden/templates.ts';
import { Block, makeBundle, makeFile } from '../../src/render/bundle.ts';
import type { Environment } from '../../src/render/environment.ts';
import { temporaryFolder } from '../support/folder.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures', import.meta.url));
const TEMPLATES = fileURLToPath(new URL('../../templates', import.meta.url));

describe('sameModel', () => {
  const twice = (make: () => unknown) => [make(), make()] as const;

  it.each([
    ['plain data', twice(() => ({ a: [1, { b: null }], c: 'd' }))],
    ['one password', twice(() => ({ password: new Secret('x') }))],
  ])('takes %s for the same', (_, [a, b]) => {
    expect(sameModel(a, b)).toBe(true);
  });

  it.each([
    ['another value', { a: 1 }, { a: 2 }],
    ['another order of items', { a: [1, 2] }, { a: [2, 1] }],
    ['another order of fields', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['a field more', { a: 1 }, { a: 1, b: undefined }],
    ['an item more', [1], [1, 2]],
    ['a list for an object', {}, []],
    ['another password', { password: new Secret('x') }, { password: new Secret('y') }],
    ['no password', { password: new Secret('x') }, { password: null }],
    ['what it cannot look into', new Map([[1, 2]]), new Map([[1, 2]])],
  ])('tells %s', (_, a, b) => {
    expect(sameModel(a, b)).toBe(false);
    expect(sameModel(b, a)).toBe(false);
  });
});

describe('RenderedOnce', () => {
  it('renders a second time only what differs from the first', () => {
    const rendered: FamilyBgp[] = [];
    const once = new RenderedOnce((_, bgp) => {
      rendered.push(bgp);
      return makeBundle([makeFile('bird.conf', [new Block(JSON.stringify(bgp), [])])]);
    });
    const model = (...blackholes: readonly string[]) =>
      ({ family: 4, services: { blackholes } }) as unknown as FamilyBgp;
    const environment = {} as Environment;
    const options = { layout: 'single', version: 'x' } as const;
    const first = once.first(environment, model('a', 'b'), options);
    expect(once.second(environment, model('a', 'b'), options)).toBe(first);
    expect(rendered).toHaveLength(1);
    const [file] = once.second(environment, model('b', 'a'), options).files;
    expect(file.text).not.toBe(first.files[0].text);
  });
});

describe('every fixture', () => {
  /** Reads fields without their names, and so leaves nothing that is only printed (render/printed-fields.ts). */
  const DOUBT = '{{#if (is this this)}}{{/if}}';

  it('has the same files where every session and filter is rendered for itself', async () => {
    const doubting = join(await temporaryFolder(), 'templates');
    await cp(TEMPLATES, doubting, { recursive: true });
    for (const name of ['bird1/peer.hbs', 'bird1/filter.hbs', 'calico-v1/peer.hbs'])
      await appendFile(join(doubting, name), DOUBT);
    const [inForms, alone] = [new Templates(TEMPLATES), new Templates(doubting)];
    const dirs = (await readdir(FIXTURES, { recursive: true })).filter((path) => basename(path) === 'in.yaml');
    expect(dirs.length).toBeGreaterThan(50);
    for (const dir of dirs) {
      const scenario = await readScenario(join(FIXTURES, dirname(dir)));
      const files: (readonly NamedText[])[] = [];
      for await (const rendered of renderScenario(scenario, inForms, { once: true })) files.push(rendered.files);
      for await (const rendered of renderScenario(scenario, alone, { once: true }))
        expect(files.shift(), `${dir} ${rendered.folder}`).toEqual(rendered.files);
    }
  });
});

describe('the nodes of a large case', () => {
  const name = (index: number) => `node-${String(index).padStart(2, '0')}`;

  /** A mesh of 40 nodes of many kinds, a reflector, and peers with passwords and options. */
  function data(): string {
    const nodes = Array.from({ length: 40 }, (_, i) => {
      const as = i % 7 === 0 ? `, asNumber: ${64600 + (i % 3)}` : '';
      const reflector = i === 9 ? ', routeReflectorClusterID: 10.0.0.1' : '';
      const six = i % 2 === 0 ? `, ipv6Address: "2001:db8::${i + 1}/64"` : '';
      const four = i === 11 ? '' : `ipv4Address: 192.0.2.${i + 1}/24`;
      return `apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: ${name(i)}, labels: {rack: r${i % 3}}}\nspec:\n  bgp: {${[four, six.slice(2)].filter(Boolean).join(', ')}${as}${reflector}}\n`;
    });
    const peer = (id: string, spec: string) =>
      `apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: ${id}}\nspec: ${spec}\n`;
    return [
      'kind: Case\nnodes: all\nlayouts: [single, calico]\n',
      ...nodes,
      peer('to-reflector', '{nodeSelector: all(), peerSelector: "rack == \'r0\'", keepaliveTime: 20s}'),
      peer(
        'router',
        '{peerIP: 198.51.100.1, asNumber: 64700, sourceAddress: None, password: {secretKeyRef: {name: s, key: k}}}',
      ),
      peer('router-of-one', '{node: node-03, peerIP: 198.51.100.2:1179, asNumber: 64700, nextHopMode: Self}'),
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: kube-system}\nstringData: {k: secret}\n',
    ].join('---\n');
  }

  /** All files of all nodes together, and of each node rendered alone. */
  async function bothWays(templates: string) {
    const dir = await temporaryFolder();
    await writeFile(join(dir, 'in.yaml'), data());
    const scenario = await readScenario(dir);
    const together = await runCase(scenario, templates);
    const alone = new Map<string, string>();
    for (let i = 0; i < 40; i++) {
      const { files } = await runCase({ ...scenario, nodes: [name(i)] }, templates);
      for (const [path, text] of files) alone.set(path, text);
    }
    return { together, alone };
  }

  it('have the files that each of them has alone', async () => {
    const { together, alone } = await bothWays(TEMPLATES);
    expect(together.unstable).toEqual([]);
    expect(together.files.size).toBeGreaterThan(40 * 2);
    expect(Object.fromEntries(together.files)).toEqual(Object.fromEntries(alone));
  });

  it('also where a template looks at the address that a session is opened from', async () => {
    const templates = join(await temporaryFolder(), 'templates');
    await cp(TEMPLATES, templates, { recursive: true });
    const line = '{{#if (is sourceAddress "192.0.2.5")}}\n  # from the fifth\n{{/if}}\n';
    await writeFile(join(templates, 'bird1/extra-peer.hbs'), line);
    const { together, alone } = await bothWays(templates);
    expect(together.files.get(`out/${name(4)}/1.6-single/bird.conf`)).toContain('# from the fifth');
    expect(Object.fromEntries(together.files)).toEqual(Object.fromEntries(alone));
  });
});
