import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { resourceKey } from '../../src/core/keys.ts';
import { toEntries } from '../../src/datastore/document-entries.ts';
import { parseDocuments } from '../../src/datastore/documents.ts';

const parse = (text: string) => parseDocuments(text, 'in.yaml');
const keysOf = async (text: string) => [...(await parse(text)).entries.keys()];
/** Key → value, each parsed where it is JSON of an object. */
const contentOf = async (text: string) => {
  const { entries } = await parse(text);
  return Object.fromEntries(
    [...entries].map(([key, { value }]) => [key, /^[{[]/.test(value) ? JSON.parse(value) : value]),
  );
};
const faultsOf = async (text: string) =>
  (await parse(text)).diagnostics.map(({ code, message }) => `${code}: ${message}`);

const peer = (name: string, spec: Record<string, unknown> = { peerIP: '192.0.2.1', asNumber: 64512 }) => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'BGPPeer',
  metadata: { name },
  spec,
});
const peerKey = (name: string) => resourceKey('BGPPeer', name);

describe('Calico resources', () => {
  it('are read from JSON values with lines of --- between them as the YAML parser reads them', async () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [peer('b'), peer('c')] };
    const pretty = [peer('a'), list, peer('d')].map((each) => JSON.stringify(each, null, 2));
    for (const documents of [pretty, [...pretty, '{"kind": "BGPPeer", "kind": "Node"}'], [...pretty, '{]']]) {
      const text = documents.join('\n---\n');
      // A comment is no JSON, and says nothing in YAML; it takes the rest of the first line.
      expect(await parse(text)).toEqual(await parse(text.replace('{', '{ #')));
    }
    expect([...(await parse(pretty.join('\n---\n'))).entries.values()].map(({ origin }) => origin)).toEqual(
      ['1', '17', '28', '42'].map((line) => `in.yaml:${line}`),
    );
  });

  it('stand under their etcd keys, from many YAML documents, with origins that name the line', async () => {
    const { entries, diagnostics, damaged } = await parse(`# what calicoctl prints
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata:
  name: a
spec:
  peerIP: 192.0.2.1
  asNumber: 64512
---
---
apiVersion: crd.projectcalico.org/v1
kind: IPPool
metadata: {name: pool}
spec: {cidr: 10.0.0.0/16}
`);
    expect([...entries].map(([key, { origin }]) => [key, origin])).toEqual([
      [peerKey('a'), 'in.yaml:2'],
      [resourceKey('IPPool', 'pool'), 'in.yaml:11'],
    ]);
    expect(JSON.parse(entries.get(peerKey('a'))!.value)).toEqual(peer('a'));
    expect({ diagnostics, damaged }).toEqual({ diagnostics: [], damaged: false });
  });

  it.each([
    ['JSON', (list: unknown) => JSON.stringify(list, null, 2)],
    ['YAML', (list: unknown) => stringify(list)],
  ])('are taken out of a calicoctl BGPPeerList in %s, each with its own line', async (_, print) => {
    const text = print({ apiVersion: 'projectcalico.org/v3', items: [peer('a'), peer('b')], kind: 'BGPPeerList' });
    const { entries } = await parse(text);
    const lines = text.split('\n');
    // The lines on which the items begin: in JSON with their brace, in YAML with their first key.
    const starts = lines.flatMap((line, i) => (/^( {4}\{| {2}- apiVersion)/.test(line) ? [`in.yaml:${i + 1}`] : []));
    expect([...entries].map(([key, { origin }]) => [key, origin])).toEqual([
      [peerKey('a'), starts[0]],
      [peerKey('b'), starts[1]],
    ]);
    expect(JSON.parse(entries.get(peerKey('b'))!.value)).toEqual(peer('b'));
  });

  it('are taken out of the array that calicoctl prints for several kinds, and get the kind of a typed list', async () => {
    const bare = { metadata: { name: 'n' }, spec: {} };
    const lists = [
      { apiVersion: 'projectcalico.org/v3', kind: 'NodeList', items: [bare] },
      { apiVersion: 'projectcalico.org/v3', kind: 'BGPPeerList', items: [peer('a')] },
      { apiVersion: 'projectcalico.org/v3', kind: 'BGPFilterList', items: null },
    ];
    expect(await contentOf(JSON.stringify(lists))).toEqual({
      [resourceKey('Node', 'n')]: { apiVersion: 'projectcalico.org/v3', kind: 'Node', ...bare },
      [peerKey('a')]: peer('a'),
    });
  });

  it('of kinds that are not read are ignored in silence', async () => {
    const tier = { apiVersion: 'projectcalico.org/v3', kind: 'Tier', metadata: { name: 'default' } };
    const hostile = { ...tier, kind: 'constructor' };
    expect(await parse(JSON.stringify([tier, hostile]))).toMatchObject({ diagnostics: [], entries: new Map() });
  });

  it('keep value and version while only their place in the file changes', async () => {
    const text = stringify(peer('a'));
    const [before, moved, changed] = await Promise.all(
      [text, `# a comment\n---\n${text}`, text.replace('64512', '64513')].map(async (t) => (await parse(t)).entries),
    );
    const entry = before!.get(peerKey('a'))!;
    expect(moved!.get(peerKey('a'))).toEqual({ ...entry, origin: 'in.yaml:3' });
    expect(changed!.get(peerKey('a'))!.version).not.toBe(entry.version);
  });

  it('from one JSON file of 2,000 are all there', async () => {
    const items = Array.from({ length: 2_000 }, (_, i) => peer(`p${i}`));
    const list = { apiVersion: 'v1', kind: 'List', items };
    expect((await keysOf(JSON.stringify(list))).length).toBe(2_000);
    expect(await keysOf(items.map((item) => stringify(item)).join('---\n'))).toEqual(
      items.map((_, i) => peerKey(`p${i}`)),
    );
  });
});

describe('label values', () => {
  const labels = async (text: string) =>
    JSON.parse((await parse(text)).entries.get(resourceKey('Node', 'n'))!.value).metadata.labels;

  it('without quotes become the strings that kubectl would store', async () => {
    const text = `apiVersion: projectcalico.org/v3
kind: Node
metadata:
  name: n
  labels: {a: true, b: yes, c: off, d: 1, e: 1.50, f: , g: 12345678901234567890, h: text, i: False}`;
    expect(await labels(text)).toEqual({
      a: 'true',
      b: 'true',
      c: 'false',
      d: '1',
      e: '1.5',
      f: '',
      g: '12345678901234567890',
      h: 'text',
      i: 'false',
    });
  });

  it('with quotes stay as they are, and so does everything that is no label', async () => {
    const text = `apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n, labels: {a: "yes", b: 'true', c: "1"}, annotations: {a: yes}}
spec: {b: true, c: 1, d: yes}`;
    const node = (await contentOf(text))[resourceKey('Node', 'n')];
    expect(node.metadata.labels).toEqual({ a: 'yes', b: 'true', c: '1' });
    expect(node.metadata.annotations).toEqual({ a: 'yes' });
    expect(node.spec).toEqual({ b: true, c: 1, d: 'yes' });
  });

  it('are made strings in JSON, behind an alias and in a list, too', async () => {
    const node = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'Node',
      metadata: { name: 'n', labels: { a: true, b: 1 } },
    };
    expect(await labels(JSON.stringify(node))).toEqual({ a: 'true', b: '1' });
    const list = `apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Pod, metadata: {name: p, labels: &common {a: on}}}
  - {apiVersion: projectcalico.org/v3, kind: Node, metadata: {name: n, labels: *common}}`;
    expect(await labels(list)).toEqual({ a: 'true' });
  });
});

describe('Kubernetes objects', () => {
  it('stand under kind, namespace and name, from a kubectl List', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'n' },
      spec: { clusterIP: '10.96.0.1' },
    };
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 's-1', namespace: 'n' },
    };
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker' } };
    const list = { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: [service, slice, node] };
    expect(await contentOf(JSON.stringify(list))).toEqual({
      'k8s:/Service/n/s': service,
      'k8s:/EndpointSlice/n/s-1': slice,
      'k8s:/Node/default/worker': node,
    });
  });
});

describe('block affinities', () => {
  it('stand under the etcd key with the value that etcd would hold', async () => {
    const text = `
{kind: BlockAffinity, apiVersion: crd.projectcalico.org/v1, metadata: {name: x}, spec: {node: n, cidr: 10.0.0.0/26, state: confirmed, deleted: "false"}}
---
{kind: BlockAffinity, spec: {node: n, cidr: "fd00::/122", state: pending, deleted: "true"}}
---
{kind: BlockAffinity, spec: {node: n, cidr: 10.0.1.0/26, type: virtual}}`;
    expect(await contentOf(text)).toEqual({
      '/calico/ipam/v2/host/n/ipv4/block/10.0.0.0-26': { state: 'confirmed', deleted: false },
      '/calico/ipam/v2/host/n/ipv6/block/fd00::-122': { state: 'pending', deleted: true },
    });
  });

  it('without a node or a network have no key', async () => {
    expect(
      await faultsOf('{kind: BlockAffinity, spec: {node: n}}\n---\n{kind: BlockAffinity, spec: {cidr: 10.0.0.0/26}}'),
    ).toEqual([
      'nameless-resource: line 1: "BlockAffinity" without a usable spec.cidr',
      'nameless-resource: line 3: "BlockAffinity" without a usable spec.node',
    ]);
  });
});

describe('a dump of keys', () => {
  it('gives every string as it is and anything else as JSON', async () => {
    const dump = { '/calico/bgp/v1/global/as_num': '64511', '/a': '', '/b': { x: 1 }, '/c': null, '/d': '{"y": 1}' };
    const { entries } = await parse(JSON.stringify(dump));
    expect(Object.fromEntries([...entries].map(([key, { value }]) => [key, value]))).toEqual({
      '/calico/bgp/v1/global/as_num': '64511',
      '/a': '',
      '/b': '{"x":1}',
      '/c': '',
      '/d': '{"y": 1}',
    });
  });

  it('may be part of a case, as kind Keys, with keys of every source', async () => {
    expect(await contentOf('kind: Keys\ndata: {/a: 1, "status:/cali1": {x: y}}')).toEqual({
      '/a': '1',
      'status:/cali1': { x: 'y' },
    });
    expect(await faultsOf('kind: Keys\ndata: {a: 1}')).toEqual([
      'unknown-document: line 1: no resource: "Keys" without apiVersion',
    ]);
  });
});

describe('a kind that is no text', () => {
  it.each([
    'kind: {toString: 1}',
    '{"kind": {"valueOf": null, "toString": null}}',
    `kind: ${'['.repeat(90)}${']'.repeat(90)}`,
  ])('is told: %s', async (text) => {
    expect(await faultsOf(text)).toEqual(['unknown-document: line 1: no resource: it has no kind']);
  });
});

describe('the documents of a case', () => {
  it('that are no data come back whole, and deletions as keys', async () => {
    const { others, deletes, entries, diagnostics } = await parse(`kind: Case
nodes: [a]
---
kind: File
path: x
---
{kind: BGPPeer, metadata: {name: a}, $delete: true}
---
{apiVersion: v1, kind: Service, metadata: {name: s}, $delete: true}
---
{kind: Keys, data: {/a: }, $delete: true}`);
    expect(others).toEqual([
      { value: { kind: 'Case', nodes: ['a'] }, origin: 'in.yaml:1' },
      { value: { kind: 'File', path: 'x' }, origin: 'in.yaml:4' },
    ]);
    expect(Object.fromEntries(deletes)).toEqual({
      [peerKey('a')]: 'in.yaml:7',
      'k8s:/Service/default/s': 'in.yaml:9',
      '/a': 'in.yaml:11',
    });
    expect([entries.size, diagnostics]).toEqual([0, []]);
  });

  it('can be turned into entries one by one', () => {
    const { entries } = toEntries({ value: peer('a'), origin: 'x:1' });
    expect(entries).toEqual([
      [peerKey('a'), expect.objectContaining({ origin: 'x:1', value: JSON.stringify(peer('a')) })],
    ]);
  });
});

describe('faults', () => {
  it('name line and column, and stop no other document', async () => {
    const { entries, diagnostics, damaged } = await parse(`${stringify(peer('a'))}---
kind: BGPPeer
  metadata: bad
---
a: [1, 2
---
${stringify(peer('b'))}---
kind: X
kind: Y
`);
    expect([...entries.keys()]).toEqual([peerKey('a'), peerKey('b')]);
    expect(diagnostics.map(({ code, key, severity }) => [severity, code, key])).toEqual(
      Array(3).fill(['error', 'unreadable-document', 'in.yaml']),
    );
    expect(diagnostics[0]!.message).toMatch(/^line 9, column \d+: /);
    expect(diagnostics[2]!.message).toBe('line 23, column 1: duplicate key');
    expect(damaged).toBe(true);
  });

  it('are found in JSON: an end that is missing, a comma too few, a key twice', async () => {
    expect(await faultsOf('{"kind": "List",\n "items": [')).toEqual([
      expect.stringMatching(/^unreadable-document: line 2, column \d+: /),
    ]);
    expect(await faultsOf('{"/a": "b"\n "/c": "d"}')).toEqual([
      expect.stringMatching(/^unreadable-document: line 2, column \d+: /),
    ]);
    expect(await faultsOf('{"/a": {"b": 1, "c": [{"b": 2}]},\n "\\u002fa": "d"}')).toEqual([
      'unreadable-document: line 2, column 2: duplicate key',
    ]);
  });

  it('never quote a line of the text', async () => {
    const secret = 'c2VjcmV0';
    const texts = [
      `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {key: ${secret}\n`,
      `apiVersion: v1\nkind: Secret\ndata: {key: ${secret}}\n`,
      `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  key: ${secret}\n ${secret}\n`,
      `{"kind": "Secret", "data": {"key": "${secret}" ${secret}`,
      `${secret}\n---\n- ${secret}\n---\n? [${secret}]\n: ${secret}\n---\nx: !${secret} y\n---\nx: *${secret}\n---\n%${secret}`,
      `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {key: ${secret}}\n---\n`.repeat(2),
    ];
    for (const text of texts) {
      const { diagnostics } = await parse(text);
      expect(diagnostics.length).toBeGreaterThan(0);
      expect(JSON.stringify(diagnostics)).not.toContain(secret);
    }
  });

  it('are names that make no key, and documents that are no resource', async () => {
    expect(
      await faultsOf(`{apiVersion: projectcalico.org/v3, kind: BGPPeer, metadata: {name: 10}}
---
{apiVersion: projectcalico.org/v3, kind: BGPPeer, metadata: {name: a/b}}
---
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: [b]}}
---
{apiVersion: projectcalico.org/v9, kind: BGPPeer, metadata: {name: a}}
---
{kind: BGPPeer, metadata: {name: a}}
---
{a: b}
---
text`),
    ).toEqual([
      'nameless-resource: line 1: "BGPPeer" without a usable metadata.name',
      'nameless-resource: line 3: "BGPPeer" without a usable metadata.name',
      'nameless-resource: line 5: "Service" without a usable metadata.namespace',
      'unknown-document: line 7: apiVersion "projectcalico.org/v9" is not known; expected projectcalico.org/v3 or crd.projectcalico.org/v1',
      'unknown-document: line 9: no resource: "BGPPeer" without apiVersion',
      'unknown-document: line 11: no resource: it has no kind',
      'unknown-document: line 13: no resource: it has no kind',
    ]);
  });

  it('are a key that two documents define: the first wins, the other is named', async () => {
    const { entries, diagnostics } = await parse(
      `${stringify(peer('a'))}---\n${stringify(peer('a', { peerIP: '192.0.2.2' }))}`,
    );
    expect(JSON.parse(entries.get(peerKey('a'))!.value)).toEqual(peer('a'));
    expect(diagnostics).toEqual([
      expect.objectContaining({
        code: 'duplicate-resource',
        key: peerKey('a'),
        message: 'in.yaml:1 is used; in.yaml:9 defines the same again and is ignored',
      }),
    ]);
  });
});

describe('hostile texts', () => {
  const good = '---\n/good: yes\n';

  it('cannot expand aliases without bound, nor contain themselves', async () => {
    const levels = 'abcdefghi'.split('');
    const laughs = levels.map(
      (name, i) => `${name}: &${name} [${Array(9).fill(i === 0 ? 'lol' : `*${levels[i - 1]}`)}]`,
    );
    const { entries, diagnostics } = await parse(`${laughs.join('\n')}\n${good}`);
    expect(diagnostics.map(({ code }) => code)).toEqual(['unreadable-document']);
    expect([...entries.keys()]).toEqual(['/good']);
    expect(await faultsOf('/a: &a {b: *a}')).toEqual([
      'unreadable-document: line 1: it contains itself, or is nested too deeply',
    ]);
    expect((await faultsOf('&l {apiVersion: v1, kind: List, items: [*l, *l]}')).length).toBe(4);
  });

  it('may use an anchor a hundred times, itself counted', async () => {
    const use = (times: number) => `/a: &a {x: 1}\n/b: [${Array(times).fill('*a')}]`;
    expect(await keysOf(use(99))).toEqual(['/a', '/b']);
    expect((await faultsOf(use(100)))[0]).toMatch(/^unreadable-document: line 1, column 1: .*too many aliases/);
  });

  it('cannot overflow the stack', async () => {
    const deep = (n: number) => '['.repeat(n) + ']'.repeat(n);
    expect(await faultsOf(`{"/a": ${deep(100_000)}}`)).toEqual([
      'unreadable-document: line 1: it contains itself, or is nested too deeply',
    ]);
    const flow = await parse(`/a: ${deep(20_000)}\n${good}`);
    expect([flow.damaged, [...flow.entries.keys()]]).toEqual([true, ['/good']]);
    expect((await faultsOf('- '.repeat(20_000))).length).toBeGreaterThan(0);
  });

  it('cannot reach the prototype of anything', async () => {
    const text =
      '{"apiVersion": "projectcalico.org/v3", "kind": "BGPPeer", "__proto__": {"polluted": 1}, "metadata": {"name": "__proto__", "labels": {"__proto__": true}}}';
    for (const form of [text, `# YAML\n${text}`]) {
      const { entries } = await parse(form);
      const value = entries.get(peerKey('__proto__'))!.value;
      expect(JSON.parse(value)).toEqual(JSON.parse(text.replace('true', '"true"')));
    }
    expect(
      await keysOf(
        '{"__proto__": {"kind": "BGPPeer", "apiVersion": "projectcalico.org/v3", "metadata": {"name": "a"}}}',
      ),
    ).toEqual([]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('cannot name tags beyond the core schema, nor switch to another one', async () => {
    expect(await faultsOf(`/a: !!js/function x\n---\n/b: !!binary aGk=\n---\n/c: !own x\n${good}`)).toEqual(
      [1, 3, 5].map((line) => `unreadable-document: line ${line}, column 5: tag resolve failed`),
    );
    expect(await contentOf('%YAML 1.1\n---\n/a: yes\n/b: !!str 1\n/c: {<<: {d: e}}')).toEqual({
      '/a': 'yes',
      '/b': '1',
      '/c': { '<<': { d: 'e' } },
    });
  });

  // A check that compares each key with all others needs a minute for this.
  it('may have 40,000 keys in one mapping', { timeout: 20_000 }, async () => {
    const keys = Array.from({ length: 40_000 }, (_, i) => `/k/${i}: v`);
    expect(await faultsOf([...keys, '/k/7: w'].join('\n'))).toEqual([
      'unreadable-document: line 40001, column 1: duplicate key',
    ]);
  });

  it.each(['', '\n', '---\n', '# only a comment\n', '{}', 'null', '...\n', '\uFEFF'])(
    'that say nothing (%j) are no fault',
    async (text) => {
      expect(await parse(text)).toEqual({
        entries: new Map(),
        deletes: new Map(),
        others: [],
        diagnostics: [],
        damaged: false,
      });
    },
  );
});
