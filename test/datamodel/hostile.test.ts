import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/core/diagnostic.ts';
import {
  affinityKey,
  affinityPrefix,
  kubernetesPrefix,
  kubernetesSecretKey,
  type ResourceKind,
  resourceKey,
  STATUS_FILES,
} from '../../src/core/keys.ts';
import type { Shape } from '../../src/datamodel/field.ts';
import { ResourcesDecoder, SCHEMAS } from '../../src/datamodel/resources.ts';
import { readTemplates } from '../../src/host/read-templates.ts';
import { Environment } from '../../src/render/environment.ts';
import { renderFamily } from '../../src/render/render-family.ts';
import { buildBoth } from '../bgp/build.ts';
import { selfFor } from '../support/self.ts';
import { HOSTILE, NOT_STRINGS } from './hostile-strings.ts';
import { TestStore } from './snapshot.ts';
import { type FieldRow, VALID, VALID_NAMES } from './valid-examples.ts';

const environment = new Environment(
  await readTemplates(fileURLToPath(new URL('../../templates', import.meta.url)), 'bird1'),
);

/** worker-1 takes part in the mesh; worker-2 is a route reflector, which sessions come back to. Both have pools and blocks. */
const OBSERVERS = ['worker-1', 'worker-2'] as const;
const CLUSTER: readonly (readonly [string, unknown])[] = [
  [
    resourceKey('Node', 'worker-1'),
    {
      metadata: { labels: { rack: 'a' } },
      spec: {
        bgp: { ipv4Address: '192.0.2.1/24', ipv6Address: '2001:db8::1/64' },
        wireguard: { interfaceIPv4Address: '198.51.100.1', interfaceIPv6Address: '2001:db8:9::1' },
      },
    },
  ],
  [
    resourceKey('Node', 'worker-2'),
    { spec: { bgp: { ipv4Address: '192.0.2.2/24', routeReflectorClusterID: '192.0.2.254' } } },
  ],
  [resourceKey('BGPPeer', 'to-the-reflector'), { spec: { peerIP: '192.0.2.2', asNumber: 64512 } }],
  [resourceKey('IPPool', 'plain'), { spec: { cidr: '203.0.113.0/25' } }],
  [resourceKey('IPPool', 'ipip'), { spec: { cidr: '203.0.113.128/25', ipipMode: 'Always' } }],
];

type Kind = keyof typeof SCHEMAS;

const PASSWORDS = [kubernetesSecretKey('kube-system', 'bgp'), { stringData: { password: 'plain' } }] as const;
const RANGES = [
  resourceKey('BGPConfiguration', 'default'),
  {
    spec: {
      serviceClusterIPs: [{ cidr: '203.0.113.0/25' }],
      serviceExternalIPs: [{ cidr: '203.0.113.128/26' }],
      serviceLoadBalancerIPs: [{ cidr: '203.0.113.192/26' }],
      serviceLoadBalancerAggregation: 'Disabled',
    },
  },
] as const;
const SERVICE = {
  spec: {
    type: 'LoadBalancer',
    clusterIP: '203.0.113.1',
    clusterIPs: ['203.0.113.1'],
    externalIPs: ['203.0.113.130'],
    externalTrafficPolicy: 'Cluster',
    ipFamilies: ['IPv4'],
  },
  status: { loadBalancer: { ingress: [{ ip: '203.0.113.193' }] } },
};
const SLICE = {
  metadata: { labels: { 'kubernetes.io/service-name': 'subject' } },
  addressType: 'IPv4',
  endpoints: [{ nodeName: 'worker-1', conditions: { ready: true } }],
};
const WORKLOAD = { ipv4Nets: ['198.51.100.8/32'], ipv6Nets: ['2001:db8:5::8/128'] };

/** What must be there beside the subject for its fields to have an effect. */
const BESIDE: Partial<Readonly<Record<Kind, readonly (readonly [string, unknown])[]>>> = {
  BGPConfiguration: [PASSWORDS, [resourceKey('Node', 'worker-8'), { spec: { bgp: { ipv4Address: '192.0.2.8' } } }]],
  BGPPeer: [
    PASSWORDS,
    [resourceKey('BGPFilter', 'filter'), { spec: { importV4: [{ action: 'Reject' }] } }],
    [`${STATUS_FILES}workload`, { ...WORKLOAD, bgpPeerName: 'a-subject' }],
  ],
  BGPFilter: [
    [resourceKey('BGPPeer', 'filtered'), { spec: { peerIP: '203.0.113.8', asNumber: 1, filters: ['subject'] } }],
  ],
  Service: [RANGES, [`${kubernetesPrefix('EndpointSlice')}default/subject-1`, SLICE]],
  EndpointSlice: [RANGES, [`${kubernetesPrefix('Service')}default/subject`, SERVICE]],
  Secret: [
    [
      resourceKey('BGPPeer', 'secured'),
      { spec: { peerIP: '203.0.113.8', asNumber: 1, password: { secretKeyRef: { name: 'subject', key: 'app' } } } },
    ],
  ],
  WorkloadStatus: [[resourceKey('BGPPeer', 'to-workloads'), { spec: { localWorkloadSelector: 'all()', asNumber: 1 } }]],
};

/** The resource under test, valid, and where it stands; one field of it is then replaced. */
const SUBJECTS: Readonly<Record<Kind, { readonly key: string; readonly value: unknown }>> = {
  Node: {
    key: resourceKey('Node', 'worker-9'),
    value: { spec: { bgp: { ipv4Address: '192.0.2.9/24', ipv6Address: '2001:db8::9/64' } } },
  },
  BGPConfiguration: { key: resourceKey('BGPConfiguration', 'default'), value: { spec: { listenPort: 1179 } } },
  IPPool: { key: resourceKey('IPPool', 'subject'), value: { spec: { cidr: '198.51.100.0/24' } } },
  BGPPeer: { key: resourceKey('BGPPeer', 'a-subject'), value: { spec: { peerIP: '192.0.2.2', asNumber: 64512 } } },
  BGPFilter: { key: resourceKey('BGPFilter', 'subject'), value: { spec: {} } },
  ClusterInformation: { key: resourceKey('ClusterInformation', 'default'), value: {} },
  BlockAffinity: { key: affinityKey('worker-1', '198.51.100.0/26'), value: {} },
  Service: { key: `${kubernetesPrefix('Service')}default/subject`, value: SERVICE },
  EndpointSlice: { key: `${kubernetesPrefix('EndpointSlice')}default/subject-1`, value: SLICE },
  Secret: { key: kubernetesSecretKey('kube-system', 'subject'), value: {} },
  WorkloadStatus: { key: `${STATUS_FILES}subject`, value: { ...WORKLOAD, bgpPeerName: 'to-workloads' } },
};

interface Outcome {
  readonly text: string;
  readonly statements: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** Each observer's store and decoder: what stays in the cluster is decoded and rendered once. */
const observers = OBSERVERS.map((nodeName) => {
  const store = new TestStore(nodeName);
  for (const [key, value] of CLUSTER) store.put(key, JSON.stringify(value));
  return { nodeName, store, decoder: new ResourcesDecoder(nodeName, new Map()) };
});

/** The whole way from the datastore to both daemons' files, for both observers; `more` are further resources in the cluster. */
function render(...more: readonly (readonly [key: string, value: unknown])[]): Outcome {
  const texts: string[] = [];
  const statements: string[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { nodeName, store, decoder } of observers) {
    for (const [key, value] of more) store.put(key, JSON.stringify(value));
    const decoded = decoder.decode(store.snapshot());
    for (const [key] of more) store.delete(key);
    decoder.decode(store.snapshot()); // forgets the last valid values
    const built = buildBoth(decoded, selfFor(nodeName, { kernelTunnel: true }));
    diagnostics.push(...decoded.diagnostics, ...built.diagnostics);
    for (const family of [4, 6] as const) {
      const bundle = renderFamily(environment, built.value![family], { layout: 'single', version: 'test' });
      texts.push(...bundle.files.map((file) => file.text));
      statements.push(bundle.statements);
    }
  }
  return { text: texts.join(''), statements: statements.join(), diagnostics };
}

/** `value` with the field at `path` set (undefined: removed); of a list, the first item is the one. */
function withField(value: unknown, [name, ...rest]: readonly (string | number)[], field: unknown): unknown {
  if (name === undefined) return field;
  if (name === 0) return [withField(Array.isArray(value) ? value[0] : undefined, rest, field)];
  const members = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  return { ...members, [name]: withField(members[name], rest, field) };
}

/** The member of a map that is tried: of a top-level one, of `metadata.labels`. */
const MEMBERS = ['app', 'kubernetes.io/service-name'];
const isItem = (step: string | number): boolean => step === 0 || MEMBERS.includes(String(step));

const stringFields = (shape: Shape, path: readonly (string | number)[]): readonly (readonly (string | number)[])[] => {
  if (shape.type === 'record')
    return Object.entries(shape.fields).flatMap(([name, field]) => stringFields(field, [...path, name]));
  if (shape.type === 'list') return stringFields(shape.item, [...path, 0]);
  if (shape.type === 'map') return stringFields(shape.item, [...path, MEMBERS.at(path.length - 1) ?? '']);
  return shape.type === 'string' ? [path] : [];
};
const FIELDS = Object.entries(SCHEMAS).flatMap(([kind, { shape }]) =>
  stringFields(shape, []).map((path) => ({
    kind: kind as Kind,
    path,
    field: path.map((step) => (isItem(step) ? '*' : step)).join('.'),
  })),
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
/** How a cluster without the subject comes out; a filter that is there but invalid is no absent one, for it must not let anything pass. */
const refused = new Map(
  (Object.keys(SUBJECTS) as Kind[]).map((kind) => {
    const beside = BESIDE[kind] ?? [];
    return [kind, kind === 'BGPFilter' ? render(...beside, [SUBJECTS[kind].key, 'broken']) : render(...beside)];
  }),
);
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

/** Secrets have tests of their own, below: every text is a password. The filters of a family share their fields, so one direction of each is tried. */
const TRIED = FIELDS.filter(({ kind, field }) => kind !== 'Secret' && !/importV6|exportV4/.test(field));

describe('a hostile value', () => {
  it.each(TRIED)('in $kind $field reaches no file, and is told', ({ kind, path, field }) => {
    const { key, value } = SUBJECTS[kind];
    const row: FieldRow = VALID[kind]![field]!;
    const set = (to: unknown) => render(...(BESIDE[kind] ?? []), [key, withField(row.around ?? value, path, to)]);
    const told = (outcome: Outcome) =>
      outcome.diagnostics.filter((d) => d.key === key && String(d.path) === String(path));
    const absent = refused.get(kind)!.text;

    const example = set(row.example);
    expect(told(example), 'the example').toEqual([]);
    if (!row.unseen) expect(example.text, 'the example shows').not.toBe(absent);
    const otherwise = row.otherwise === null ? null : set(row.otherwise);

    for (const hostile of [...HOSTILE, ...NOT_STRINGS, null]) {
      const outcome = set(hostile);
      const isTaken = typeof hostile === 'string' && row.free?.takes(hostile);
      if (row.valid.has(hostile)) {
        const meant = row.valid.get(hostile);
        expect(
          told(outcome).filter(({ code }) => code !== row.code),
          shown(hostile),
        ).toEqual([]);
        expect(outcome.text, shown(hostile)).toBe(set(meant ?? undefined).text);
        if (row.quoted && hostile !== '' && hostile !== null)
          expect(outcome.text.replaceAll(`"${hostile}"`, `"${row.example}"`)).toBe(example.text);
      } else if (row.free && typeof hostile === 'string' && told(outcome).length === 0) {
        if (!isTaken) expect(outcome.text, shown(hostile)).toBe(otherwise!.text);
      } else if (otherwise && !row.free && typeof hostile === 'string' && told(outcome)[0]?.severity === 'warning') {
        expect(told(outcome), shown(hostile)).toContainEqual(expect.objectContaining({ code: row.code }));
        expect(outcome.text, shown(hostile)).toBe(otherwise.text);
      } else {
        const code = expect.stringMatching(/^((invalid|missing)-value|invalid-selector)$/);
        expect(told(outcome), shown(hostile)).toContainEqual(expect.objectContaining({ severity: 'error', code }));
        expect(outcome.text, shown(hostile)).toBe(absent);
      }
      if (typeof hostile === 'string' && hostile.trim().length > 4 && !row.valid.has(hostile) && !isTaken)
        expect(outcome.text, shown(hostile)).not.toContain(hostile.trim());
    }
  });

  it.each(CONTAINERS)('in place of $kind "$around" reaches no file, and is told', ({ kind, path }) => {
    const { key, value } = SUBJECTS[kind];
    for (const hostile of [...HOSTILE.filter((_, i) => i % 10 === 0), '__proto__', '', 1, true]) {
      const outcome = render(...(BESIDE[kind] ?? []), [key, withField(value, path, hostile)]);
      expect(
        outcome.diagnostics.filter((d) => d.key === key),
        shown(hostile),
      ).toContainEqual(expect.objectContaining({ severity: 'error', path }));
      expect(outcome.text, shown(hostile)).toBe(refused.get(kind)!.text);
    }
  });

  it('of a Secret is a password between quotes, or no session; it is never told', () => {
    const { key } = SUBJECTS.Secret;
    const secured = (member: string, value: unknown) => render(...BESIDE.Secret!, [key, { [member]: { app: value } }]);
    const plain = secured('stringData', 'plain').text;
    expect(plain).toContain('password "plain";');
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    for (const hostile of HOSTILE.filter((text) => text !== '')) {
      for (const outcome of [secured('stringData', hostile), secured('data', base64(hostile))]) {
        const codes = outcome.diagnostics.map(({ code }) => code);
        if (/["\x00-\x1f\x7f]/.test(hostile)) {
          expect(codes, shown(hostile)).toContain('unquotable-password');
          expect(outcome.text, shown(hostile)).toBe(refused.get('Secret')!.text);
        } else {
          expect(codes, shown(hostile)).toEqual([]);
          expect(outcome.text === plain.replaceAll('"plain"', `"${hostile}"`), shown(hostile)).toBe(true);
        }
      }
    }
  });

  it('of a Secret that is none, or no base64, is told without a word of it', () => {
    const { key } = SUBJECTS.Secret;
    for (const hostile of [...HOSTILE, 'geheim!', 'geheim=', ...NOT_STRINGS]) {
      for (const value of [{ data: { app: hostile } }, { data: hostile }, { stringData: hostile }, hostile]) {
        const { text, diagnostics } = render(...BESIDE.Secret!, [key, value]);
        const words = typeof hostile === 'string' ? hostile.trim() : '';
        if (words.length > 5) expect(JSON.stringify(diagnostics), shown(value)).not.toContain(words);
        if (diagnostics.some((d) => d.key === key)) expect(text, shown(value)).toBe(refused.get('Secret')!.text);
      }
    }
  });
});

describe('a hostile name', () => {
  it.each(['Node', 'BGPConfiguration', 'IPPool', 'BGPPeer', 'BGPFilter', 'ClusterInformation'] as const)(
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
          if (kind !== 'BGPFilter') expect(outcome.statements, hostile).toBe(plain.statements);
        } else {
          expect(invalid[0], shown(hostile)).toMatchObject({ severity: 'error', path: [] });
          expect(outcome.text, shown(hostile)).toBe(without.text);
        }
      }
    },
  );

  it('of a field has no effect, and is told', () => {
    for (const kind of ['Node', 'BGPConfiguration', 'IPPool', 'BGPPeer', 'BGPFilter', 'BlockAffinity'] as const) {
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
