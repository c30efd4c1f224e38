import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildV1NodeBgp } from '../../src/bgp/v1-node-bgp.ts';
import { parseStatements, type Statement } from '../../src/bird/statements.ts';
import { V1ResourcesDecoder } from '../../src/datamodel/v1/resources.ts';
import { readLayoutTemplates } from '../../src/host/layout-templates.ts';
import { Environment } from '../../src/render/environment.ts';
import { renderFamily } from '../../src/render/render-family.ts';
import { HOSTILE, NOT_STRINGS } from './hostile-strings.ts';
import { TestStore } from './snapshot.ts';

const tree = fileURLToPath(new URL('../../templates', import.meta.url));
const environment = new Environment((await readLayoutTemplates(tree, 'bird1', null)).v1);

const GLOBAL = '/calico/bgp/v1/global';
const HOST = '/calico/bgp/v1/host';
const POOL = '/calico/v1/ipam/v4/pool';
const BLOCK = '/calico/ipam/v2/host/node-1/ipv4/block';

const CLUSTER = [
  [`${GLOBAL}/as_num`, '64500'],
  [`${HOST}/node-1/ip_addr_v4`, '192.0.2.1'],
  [`${HOST}/node-1/ip_addr_v6`, '2001:db8::1'],
  [`${HOST}/node-2/ip_addr_v4`, '192.0.2.2'],
  [`${POOL}/203.0.113.0-24`, '{"cidr": "203.0.113.0/24", "ipip": "tunl0"}'],
] as const;

/** Every place where text of the data stands: the key and value with `text` there. */
const PLACES: Readonly<Record<string, (text: unknown) => readonly [key: string, value: string]>> = {
  'global as_num': (text) => [`${GLOBAL}/as_num`, String(text)],
  'global loglevel': (text) => [`${GLOBAL}/loglevel`, String(text)],
  node_mesh: (text) => [`${GLOBAL}/node_mesh`, String(text)],
  'node_mesh enabled': (text) => [`${GLOBAL}/node_mesh`, JSON.stringify({ enabled: text })],
  'peer ip': (text) => [`${GLOBAL}/peer_v4/x`, JSON.stringify({ ip: text, as_num: '64496' })],
  'peer ip, IPv6': (text) => [`${GLOBAL}/peer_v6/x`, JSON.stringify({ ip: text, as_num: '64496' })],
  'peer as_num': (text) => [`${HOST}/node-1/peer_v4/x`, JSON.stringify({ ip: '203.0.113.9', as_num: text })],
  'peer key': (text) => [`${GLOBAL}/peer_v4/${text}`, '{"ip": "203.0.113.9", "as_num": "64496"}'],
  'own address': (text) => [`${HOST}/node-1/ip_addr_v4`, String(text)],
  'another address': (text) => [`${HOST}/node-3/ip_addr_v6`, String(text)],
  'own network': (text) => [`${HOST}/node-1/network_v4`, String(text)],
  'node as_num': (text) => [`${HOST}/node-2/as_num`, String(text)],
  'node loglevel': (text) => [`${HOST}/node-1/loglevel`, String(text)],
  'node name': (text) => [`${HOST}/${text}/ip_addr_v4`, '192.0.2.9'],
  'another key': (text) => [`${HOST}/node-1/${text}`, String(text)],
  'pool cidr': (text) => [`${POOL}/x`, JSON.stringify({ cidr: text })],
  'pool ipip': (text) => [`${POOL}/x`, JSON.stringify({ cidr: '198.51.100.0/24', ipip: text })],
  'pool ipip_mode': (text) => [
    `${POOL}/x`,
    JSON.stringify({ cidr: '198.51.100.0/24', ipip: 'tunl0', ipip_mode: text }),
  ],
  'pool key': (text) => [`${POOL}/${text}`, '{"cidr": "198.51.100.0/24"}'],
  'block key': (text) => [`${BLOCK}/${text}`, ''],
  'block value': (text) => [`${BLOCK}/203.0.113.0-26`, String(text)],
  'custom filter': (text) => [`${GLOBAL}/custom_filters/v4/x`, String(text)],
};

/** What v0.22's statements can be, from the outside in; anything else came out of a value. */
const ALLOWED: readonly RegExp[] = [
  /^router id [\d.]+$/,
  /^protocol (static|kernel|device|direct)$/,
  /^template bgp bgp_template$/,
  /^protocol bgp (Mesh|Global|Node)_[0-9a-f_]+ from bgp_template$/,
  /^(function calico_aggr \( \)|filter calico_(pools|ipip))$/,
  /^(learn|persist|scan time 2|import all|export all|export filter calico_(ipip|pools)|graceful restart)$/,
  /^(debug|debug all|states|interface - "cali\*" , "\*"|description "Connection to BGP peer"|multihop)$/,
  /^(local as \d+|gateway recursive|next hop self|source address [0-9a-f.:]+|add paths on)$/,
  /^neighbor [0-9a-f.:]+ as \d+$/,
  /^(route [0-9a-f.:/]+ blackhole|calico_aggr \( \)|accept|reject)$/,
  /^if \( net [=~] [0-9a-f.:/]+ \) then$/,
  /^krt_tunnel = "[\w.-]*"$/,
  /^if defined \( bgp_next_hop \) && \( bgp_next_hop ~ [\d./]+ \) then krt_tunnel = ""$/,
  /^else krt_tunnel = "[\w.-]+"$/,
];

const foreign = (statements: readonly Statement[]): readonly string[] =>
  statements.flatMap(({ words, body }) => [
    ...(ALLOWED.some((allowed) => allowed.test(words)) ? [] : [words]),
    ...foreign(body ?? []),
  ]);

function renderedWith(entry: readonly [key: string, value: string] | null): string {
  const store = new TestStore('node-1', entry ? [...CLUSTER, entry] : CLUSTER);
  const own = { nodeName: 'node-1', addresses: { 4: null, 6: null } };
  const decoded = new V1ResourcesDecoder(own, new Map()).decode(store.snapshot());
  const self = { nodeName: 'node-1', routerId: null, kernelTunnel: true, allowCustomFilters: false };
  const { value } = buildV1NodeBgp(decoded, self);
  if (!value) throw new Error('the own node is there');
  const options = { layout: 'single', version: 'test' } as const;
  return ([4, 6] as const)
    .map((family) => renderFamily(environment, value.family(family, null).value, options).files[0].text)
    .join('\n');
}

describe('whatever stands in data of the v1 layout', () => {
  it('is told apart from what v0.22 says', () => {
    expect(foreign(parseStatements(renderedWith(null)))).toEqual([]);
    expect(
      foreign(parseStatements('protocol bgp Mesh_1 from bgp_template { neighbor 1.2.3.4 as 1; passive; }')),
    ).toEqual(['passive']);
  });

  it.each(Object.entries(PLACES))('%s: makes no statement', (_, place) => {
    for (const text of [...HOSTILE, ...NOT_STRINGS]) {
      const written = renderedWith(place(text));
      expect(foreign(parseStatements(written)), JSON.stringify(text)).toEqual([]);
      expect(/[^\x20-\x7e\n]/.test(written), JSON.stringify(text)).toBe(false);
    }
  });
});
