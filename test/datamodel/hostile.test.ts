import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildNodeBgp } from '../../src/bgp/node-bgp.ts';
import type { Diagnostic } from '../../src/core/diagnostic.ts';
import { affinityKey, affinityPrefix, type ResourceKind, resourceKey } from '../../src/core/keys.ts';
import type { Shape } from '../../src/datamodel/field.ts';
import { ResourcesDecoder, SCHEMAS } from '../../src/datamodel/resources.ts';
import { readTemplates } from '../../src/host/read-templates.ts';
import { Environment } from '../../src/render/environment.ts';
import { renderFamily } from '../../src/render/render-family.ts';
import { HOSTILE, NOT_STRINGS } from './hostile-strings.ts';
import { TestStore } from './snapshot.ts';
import { type FieldRow, VALID, VALID_NAMES } from './valid-examples.ts';

const environment = new Environment(
  await readTemplates(fileURLToPath(new URL('../../templates', import.meta.url)), 'bird1'),
);

/** worker-1 takes part in the mesh; worker-2 is a route reflector, which sessions come back to. Both have pools and blocks. */
const OBSERVERS = ['worker-1', 'worker-2'] as const;
const CLUSTER: readonly (readonly [string, unknown])[] = [
  [resourceKey('Node', 'worker-1'), { spec: { bgp: { ipv4Address: '192.0.2.1/24', ipv6Address: '2001:db8::1/64' } } }],
  [
    resourceKey('Node', 'worker-2'),
    { spec: { bgp: { ipv4Address: '192.0.2.2/24', routeReflectorClusterID: '192.0.2.254' } } },
  ],
  [resourceKey('BGPPeer', 'to-the-reflector'), { spec: { peerIP: '192.0.2.2', asNumber: 64512 } }],
  [resourceKey('IPPool', 'plain'), { spec: { cidr: '203.0.113.0/25' } }],
  [resourceKey('IPPool', 'ipip'), { spec: { cidr: '203.0.113.128/25', ipipMode: 'Always' } }],
];

/** The resource under test, valid, and where it stands; one field of it is then replaced. */
const SUBJECTS: Readonly<Record<keyof typeof SCHEMAS, { readonly key: string; readonly value: unknown }>> = {
  Node: {
    key: resourceKey('Node', 'worker-9'),
    value: { spec: { bgp: { ipv4Address: '192.0.2.9/24', ipv6Address: '2001:db8::9/64' } } },
  },
  BGPConfiguration: { key: resourceKey('BGPConfiguration', 'default'), value: { spec: { listenPort: 1179 } } },
  IPPool: { key: resourceKey('IPPool', 'subject'), value: { spec: { cidr: '198.51.100.0/24' } } },
  BGPPeer: { key: resourceKey('BGPPeer', 'a-subject'), value: { spec: { peerIP: '192.0.2.2', asNumber: 64512 } } },
  BlockAffinity: { key: affinityKey('worker-1', '198.51.100.0/26'), value: {} },
};

interface Outcome {
  readonly text: string;
  readonly statements: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** The whole way from the datastore to both daemons' files, for both observers; `entry` is one more resource in the cluster. */
function render(entry?: readonly [key: string, value: unknown]): Outcome {
  const texts: string[] = [];
  const statements: string[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const nodeName of OBSERVERS) {
    const entries = [...CLUSTER, ...(entry ? [entry] : [])].map(
      ([key, value]) => [key, JSON.stringify(value)] as const,
    );
    const decoded = new ResourcesDecoder(nodeName, new Map()).decode(new TestStore(nodeName, entries).snapshot());
    const built = buildNodeBgp(decoded.resources, { nodeName, routerId: null, kernelTunnel: true });
    diagnostics.push(...decoded.diagnostics, ...built.diagnostics);
    for (const family of [4, 6] as const) {
      const bundle = renderFamily(environment, built.value![family], { layout: 'single', version: 'test' });
      texts.push(...bundle.files.map((file) => file.text));
      statements.push(bundle.statements);
    }
  }
  return { text: texts.join(''), statements: statements.join(), diagnostics };
}

/** `value` with the field at `path` set (undefined: removed); `*` stands for the second item of a list. */
function withField(value: unknown, [name, ...rest]: readonly string[], field: unknown): unknown {
  if (name === undefined) return field;
  if (name === '*') return ['eth7', field];
  const members = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  return { ...members, [name]: withField(members[name], rest, field) };
}

const stringFields = (shape: Shape, path: readonly string[]): readonly (readonly string[])[] => {
  if (shape.type === 'record')
    return Object.entries(shape.fields).flatMap(([name, field]) => stringFields(field, [...path, name]));
  if (shape.type === 'list') return stringFields(shape.item, [...path, '*']);
  return shape.type === 'string' ? [path] : [];
};
const FIELDS = Object.entries(SCHEMAS).flatMap(([kind, { shape }]) =>
  stringFields(shape, []).map((path) => ({ kind: kind as keyof typeof SCHEMAS, path, field: path.join('.') })),
);

/** The objects and lists around those fields, the whole resource first. */
const CONTAINERS = [
  ...new Map(
    FIELDS.flatMap(({ kind, path }) =>
      path.map((_, depth) => ({ kind, path: path.slice(0, depth), around: path.slice(0, depth).join('.') })),
    ).map((container) => [`${container.kind} ${container.around}`, container]),
  ).values(),
];

const without = render();
const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 60) ?? 'undefined';

describe('the table', () => {
  it('has a row for every string field of every schema, and no row too many', () => {
    const rows = Object.entries(VALID).flatMap(([kind, fields]) =>
      Object.keys(fields).map((field) => `${kind} ${field}`),
    );
    expect(rows.sort()).toEqual(FIELDS.map(({ kind, field }) => `${kind} ${field}`).sort());
  });

  it('has enough strings, each once, and a cluster in which nothing is wrong', () => {
    expect(new Set(HOSTILE).size).toBe(HOSTILE.length);
    expect(HOSTILE.length).toBeGreaterThanOrEqual(40);
    expect(without.diagnostics).toEqual([]);
  });
});

describe('a hostile value', () => {
  it.each(FIELDS)('in $kind $field reaches no file, and is told', ({ kind, path, field }) => {
    const { key, value } = SUBJECTS[kind];
    const row: FieldRow = VALID[kind]![field]!;
    const set = (to: unknown) => render([key, withField(value, path, to)]);
    const at = path.map((step) => (step === '*' ? 1 : step));
    const told = (outcome: Outcome) =>
      outcome.diagnostics.filter((d) => d.key === key && String(d.path) === String(at));

    const example = set(row.example);
    expect(told(example), 'the example').toEqual([]);
    expect(example.text, 'the example shows').not.toBe(without.text);
    const otherwise = row.otherwise === null ? null : set(row.otherwise);

    for (const hostile of [...HOSTILE, ...NOT_STRINGS, null]) {
      const outcome = set(hostile);
      if (row.valid.has(hostile)) {
        const meant = row.valid.get(hostile);
        expect(told(outcome), shown(hostile)).toEqual([]);
        expect(outcome.text, shown(hostile)).toBe(set(meant ?? undefined).text);
        if (row.quoted) expect(outcome.text.replaceAll(`"${hostile}"`, `"${row.example}"`)).toBe(example.text);
      } else if (otherwise && typeof hostile === 'string') {
        expect(told(outcome), shown(hostile)).toContainEqual(
          expect.objectContaining({ severity: 'warning', code: 'unknown-word' }),
        );
        expect(outcome.text, shown(hostile)).toBe(otherwise.text);
      } else {
        const code = expect.stringMatching(/^(invalid|missing)-value$/);
        expect(told(outcome), shown(hostile)).toContainEqual(expect.objectContaining({ severity: 'error', code }));
        expect(outcome.text, shown(hostile)).toBe(without.text);
      }
      if (typeof hostile === 'string' && hostile.trim().length > 4 && !row.valid.has(hostile))
        expect(outcome.text, shown(hostile)).not.toContain(hostile.trim());
    }
  });

  it.each(CONTAINERS)('in place of $kind "$around" reaches no file, and is told', ({ kind, path }) => {
    const { key, value } = SUBJECTS[kind];
    for (const hostile of [...HOSTILE, 1, true]) {
      const outcome = render([key, withField(value, path, hostile)]);
      expect(
        outcome.diagnostics.filter((d) => d.key === key),
        shown(hostile),
      ).toContainEqual(expect.objectContaining({ severity: 'error', path }));
      expect(outcome.text, shown(hostile)).toBe(without.text);
    }
  });
});

describe('a hostile name', () => {
  it.each(['Node', 'BGPConfiguration', 'IPPool', 'BGPPeer'] as const)(
    'of a %s reaches no file, and is told',
    (kind) => {
      const { value } = SUBJECTS[kind];
      const plain = render([resourceKey(kind, 'plain-name'), value]);
      for (const hostile of HOSTILE) {
        const key = resourceKey(kind as ResourceKind, hostile);
        const outcome = render([key, value]);
        const invalid = outcome.diagnostics.filter((d) => d.key === key && d.code === 'invalid-name');
        if (VALID_NAMES.includes(hostile)) {
          expect(invalid, hostile).toEqual([]);
          expect(outcome.statements, hostile).toBe(plain.statements);
        } else {
          expect(invalid[0], shown(hostile)).toMatchObject({ severity: 'error', path: [] });
          expect(outcome.text, shown(hostile)).toBe(without.text);
        }
      }
    },
  );

  it('of a field has no effect, and is told', () => {
    for (const kind of Object.keys(SUBJECTS) as (keyof typeof SCHEMAS)[]) {
      const { key, value } = SUBJECTS[kind];
      const path = kind === 'BlockAffinity' ? [] : ['spec'];
      const plain = render([key, value]);
      for (const hostile of HOSTILE) {
        const outcome = render([key, withField(value, [...path, hostile], 'x')]);
        const at = expect.objectContaining({
          severity: 'warning',
          code: 'unknown-field',
          path: [...path, hostile.slice(0, 64)],
        });
        expect(outcome.diagnostics, shown(hostile)).toContainEqual(at);
        expect(outcome.text, shown(hostile)).toBe(plain.text);
      }
    }
  });

  it('in an affinity’s key reaches no file, and is told', () => {
    const possible = ['ipv4/block/0.0.0.0-26'];
    for (const hostile of HOSTILE) {
      for (const path of [
        hostile,
        `ipv4/block/${hostile}`,
        `ipv4/block/${hostile}-26`,
        `ipv4/block/198.51.100.0-${hostile}`,
        `ipv6/block/${hostile}-26`,
      ]) {
        const key = affinityPrefix('worker-1') + path;
        const outcome = render([key, { state: 'confirmed' }]);
        if (possible.includes(path) || path === 'ipv6/block/::-26' || path === 'ipv6/block/fe80::66-26') continue;
        expect(outcome.diagnostics, shown(path)).toContainEqual(
          expect.objectContaining({ severity: 'error', code: 'invalid-key', key, path: [] }),
        );
        expect(outcome.text, shown(path)).toBe(without.text);
      }
    }
  });
});
