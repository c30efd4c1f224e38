import { parseIp } from '../../src/core/ip-address.ts';

/** What is known of one string field: without a row here, the test of hostile strings fails. */
export interface FieldRow {
  /** A valid value, which shows in some file (unless the row is `unseen`). */
  readonly example: string;
  /** What any other text counts as, with a warning. Null: a value that is not understood is refused with an error. */
  readonly otherwise: string | null;
  /** The warning's code. */
  readonly code: string;
  /** Hostile-looking values that are valid here, each with the ordinary value that it means (null: not set). */
  readonly valid: ReadonlyMap<unknown, unknown>;
  /** Where the value itself stands in a file, between quotes. */
  readonly quoted?: true;
  /** Any text is valid here, for this reason; texts for which `takes` holds are meant, all others count as `otherwise`. */
  readonly free?: { readonly reason: string; readonly takes: (text: string) => boolean };
  /** The example shows in no file, for this reason. */
  readonly unseen?: string;
  /** The resource around the field, where the kind's own subject has no place for it. */
  readonly around?: unknown;
}

type Pairs = readonly (readonly [unknown, unknown])[];

const refuses = (example: string, ...valid: Pairs): FieldRow => ({
  example,
  otherwise: null,
  code: '',
  valid: new Map(valid),
});
const replaces = (example: string, otherwise: string, ...valid: Pairs): FieldRow => ({
  ...refuses(example, ...valid),
  otherwise,
  code: 'unknown-word',
});
/** Texts that are left to whoever wrote them: `takes` tells those with a meaning, all others are as good as `otherwise`. */
const free = (example: string, otherwise: string, reason: string, takes: (text: string) => boolean): FieldRow => ({
  ...refuses(example, NULL),
  otherwise,
  free: { reason, takes },
});
/** The same for an item of a list or a map, where null is no value. */
const freeItem = (...args: Parameters<typeof free>): FieldRow => ({ ...free(...args), valid: new Map() });
const within = (row: FieldRow, around: unknown): FieldRow => ({ ...row, around });
const unseen = (row: FieldRow, reason: string): FieldRow => ({ ...row, unseen: reason });

/** Not set: null, and the empty string where Calico writes that. */
const NULL = [null, null] as const;
const EMPTY = [['', null], NULL] as const;

/** An AS number may be a JSON number, and have zeros in front. */
const AS_NUMBERS = [
  ['0064496', '64496'],
  ['3221226050', 3221226050],
  [1, '1'],
] as const;

/** Resource names; those that are strange but possible belong to no resource here. */
const NAMES = [
  'constructor',
  'toString',
  'null',
  'undefined',
  'true',
  'NaN',
  'Infinity',
  '1e3',
  '0x10',
  '0064496',
  '3221226050',
  '4294967296',
  '64496.0.1',
  '0300.0.2.66',
  '0xc0.0.2.66',
  '192.0.2.066',
  '192.0.66',
  '0.0.0.0',
  '99999999999999999999999999',
] as const;
const namesOf = (other: string): Pairs => NAMES.map((name) => [name, other] as const);

/** Keys of a Secret may be stranger still. */
const SECRET_KEYS: Pairs = [...NAMES, '-1', '..', '__proto__'].map((key) => [key, 'other'] as const);

const PATTERNS = [
  ...NAMES,
  '-1',
  '+64496',
  '192.0.2.66:65536',
  '192.0.2.66:-1',
  '2001:db8:::66',
  '::',
  'fe80::66',
  '..',
  '__proto__',
].map((name) => [name, name] as const);

/** Selectors of blanks match everything, as in Calico. */
const BLANK = [' ', '   ', '\t'].map((blank) => [blank, 'all()'] as const);

const ADDRESSES = ['0.0.0.0', '::', 'fe80::66'].map((text) => [text, '198.51.100.9'] as const);

const REF = { spec: { nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'other' } } } };
const PEER = { spec: { peerIP: '203.0.113.9', asNumber: 64499 } };
const PEER_REF = {
  spec: { peerIP: '203.0.113.9', asNumber: 64499, password: { secretKeyRef: { name: 'bgp', key: 'other' } } },
};
const ADVERTISED = { cidr: '198.51.100.0/24', communities: ['65500:1'] };

const isAddress = (text: string): boolean => parseIp(text) !== null;
const never = (): boolean => false;
const KUBERNETES = 'the API of Kubernetes keeps other words out';

const rule = (family: 4 | 6, direction: 'import' | 'export'): Readonly<Record<string, FieldRow>> => {
  const list = `${direction}V${family}`;
  const cidr = family === 4 ? '198.51.100.0/24' : '2001:db8:1::/64';
  const at = `spec.${list}.*`;
  const around = (more: object) => ({ spec: { [list]: [{ action: 'Accept', ...more }] } });
  const rows: Record<string, FieldRow> = {
    cidr: within(refuses(cidr, ...EMPTY), around({ matchOperator: 'In' })),
    matchOperator: within(refuses('NotIn'), around({ cidr })),
    source: refuses('RemotePeers', ...EMPTY),
    interface: { ...refuses('eth0', ...EMPTY, ...PATTERNS), quoted: true },
    peerType: replaces('iBGP', 'any', ...EMPTY),
    'communities.values.*': refuses('64496:1'),
    'asPathPrefix.*': refuses('64496', ...AS_NUMBERS, [0, '0']),
    action: refuses('Reject'),
    'operations.*.addCommunity.value': refuses('64496:1:2'),
    'operations.*.prependASPath.prefix.*': refuses('64496', ...AS_NUMBERS, [0, '0']),
  };
  return Object.fromEntries(
    Object.entries(rows).map(([field, row]) => [`${at}.${field}`, 'around' in row ? row : within(row, around({}))]),
  );
};

/** Kind → dotted path of the field (`*`: an item of a list or a map). */
export const VALID: Readonly<Record<string, Readonly<Record<string, FieldRow>>>> = {
  Node: {
    'metadata.labels.*': unseen(
      freeItem('worker', 'worker', 'labels are any text; selectors say what they mean', never),
      'no selector here asks for it',
    ),
    'spec.bgp.ipv4Address': refuses('192.0.2.9/24', ...EMPTY),
    'spec.bgp.ipv6Address': refuses('2001:db8::9/64', ...EMPTY),
    'spec.bgp.asNumber': refuses('64497', NULL, ...AS_NUMBERS),
    'spec.bgp.routeReflectorClusterID': refuses('192.0.2.254', ...EMPTY, ['0.0.0.0', '0.0.0.0']),
    // Only whether there is an address counts.
    'spec.wireguard.interfaceIPv4Address': refuses('198.51.100.9', ...EMPTY, ...ADDRESSES),
    'spec.wireguard.interfaceIPv6Address': refuses('198.51.100.9', ...EMPTY, ...ADDRESSES),
    'status.podCIDRs.*': unseen(refuses('198.51.100.0/26'), 'it counts only with USE_POD_CIDR'),
  },
  BGPConfiguration: {
    'metadata.annotations.birdconfd/approve': unseen(
      { ...replaces('many-gone', 'takeover', NULL), code: 'unknown-approval' },
      'it lets a plan through, and is no part of it',
    ),
    'spec.logSeverityScreen': replaces('Debug', 'none', ...EMPTY),
    'spec.asNumber': refuses('64498', NULL, ...AS_NUMBERS),
    'spec.bindMode': replaces('NodeIP', 'None', ...EMPTY),
    'spec.ignoredInterfaces.*': { ...refuses('eth0', ...PATTERNS), quoted: true },
    'spec.programClusterRoutes': replaces('Disabled', 'EnabledNoEncapOnly', ...EMPTY),
    'spec.communities.*.name': within(
      freeItem('named', 'other', 'only a name that an advertisement uses counts, and it is told there', never),
      {
        spec: {
          communities: [{ value: '65500:7' }],
          prefixAdvertisements: [{ ...ADVERTISED, communities: ['65500:1'] }],
        },
      },
    ),
    'spec.communities.*.value': within(refuses('64496:7'), {
      spec: { communities: [{ name: 'a' }], prefixAdvertisements: [{ ...ADVERTISED, communities: ['a'] }] },
    }),
    'spec.prefixAdvertisements.*.cidr': within(refuses('203.0.113.0/24', ...EMPTY), {
      spec: { prefixAdvertisements: [ADVERTISED] },
    }),
    'spec.prefixAdvertisements.*.communities.*': within(
      { ...replaces('64496:2', 'nobody'), code: 'unknown-community' },
      { spec: { prefixAdvertisements: [ADVERTISED] } },
    ),
    'spec.nodeMeshPassword.secretKeyRef.name': within(refuses('bgp', ...namesOf('worker-77')), {
      spec: { nodeMeshPassword: { secretKeyRef: { key: 'other' } } },
    }),
    'spec.nodeMeshPassword.secretKeyRef.key': within(refuses('password', ...SECRET_KEYS), REF),
    'spec.nodeMeshMaxRestartTime': refuses('90s', ...EMPTY),
    'spec.serviceClusterIPs.*.cidr': refuses('203.0.113.0/24', ...EMPTY),
    'spec.serviceExternalIPs.*.cidr': refuses('203.0.113.0/24', ...EMPTY),
    'spec.serviceLoadBalancerIPs.*.cidr': refuses('203.0.113.0/24', ...EMPTY),
    'spec.serviceLoadBalancerAggregation': within(replaces('Disabled', 'Enabled', ...EMPTY), {
      spec: { serviceLoadBalancerIPs: [{ cidr: '203.0.113.0/24' }] },
    }),
  },
  IPPool: {
    'spec.cidr': refuses('198.51.100.0/24'),
    'spec.ipipMode': refuses('Always', ...EMPTY),
    'spec.vxlanMode': refuses('CrossSubnet', ...EMPTY),
  },
  BGPPeer: {
    'spec.node': refuses('worker-1', ...EMPTY, ...namesOf('worker-77')),
    'spec.nodeSelector': within(refuses("rack == 'a'", ...EMPTY, ...BLANK), PEER),
    'spec.peerIP': refuses('203.0.113.9:1179'),
    // 0 is how Calico writes "not given"; with a peerIP it is told by the rules, not by the decoder.
    'spec.asNumber': refuses('64499', ...AS_NUMBERS),
    'spec.localASNumber': refuses('64499', NULL, ...AS_NUMBERS, [0, null]),
    'spec.peerSelector': within(refuses("rack == 'a'", ...EMPTY, ...BLANK), PEER),
    'spec.localWorkloadSelector': {
      ...free('all()', 'all()', 'only whether it is set counts: the status files name their BGPPeer', never),
      valid: new Map(EMPTY),
    },
    'spec.nextHopMode': refuses('Self', ...EMPTY),
    'spec.password.secretKeyRef.name': within(refuses('bgp', ...namesOf('worker-77')), {
      spec: { peerIP: '203.0.113.9', asNumber: 64499, password: { secretKeyRef: { key: 'password' } } },
    }),
    'spec.password.secretKeyRef.key': within(refuses('password', ...SECRET_KEYS), PEER_REF),
    'spec.sourceAddress': refuses('None', ...EMPTY),
    'spec.maxRestartTime': refuses('90s', ...EMPTY),
    'spec.keepaliveTime': refuses('7s500ms', ...EMPTY),
    'spec.reachableBy': within(refuses('192.0.2.254', ...EMPTY, ['0.0.0.0', '0.0.0.0']), PEER),
    'spec.filters.*': { ...refuses('filter', ...namesOf('worker-77')), code: 'unknown-filter' },
    'spec.reversePeering': refuses('Manual', ...EMPTY),
  },
  BGPFilter: { ...rule(4, 'import'), ...rule(4, 'export'), ...rule(6, 'import'), ...rule(6, 'export') },
  ClusterInformation: {
    'spec.calicoVersion': unseen(
      {
        ...free('v3.31.0', 'v3.31.0', 'a version that names no release is told by the rules (release-unknown)', never),
        valid: new Map(EMPTY),
      },
      'the release is given here',
    ),
  },
  BlockAffinity: {
    state: replaces('confirmed', 'pendingDeletion', ...EMPTY),
  },
  Service: {
    'spec.type': free('NodePort', 'ExternalName', KUBERNETES, never),
    'spec.clusterIP': {
      ...free('203.0.113.1', '203.0.113.1', 'clusterIPs says the addresses, this only whether there are any', never),
      valid: new Map([['', 'None'], NULL]),
    },
    'spec.clusterIPs.*': freeItem('203.0.113.9', 'None', KUBERNETES, isAddress),
    'spec.externalIPs.*': freeItem('203.0.113.130', 'None', KUBERNETES, never),
    'spec.externalTrafficPolicy': free('Local', 'Cluster', KUBERNETES, never),
    'spec.loadBalancerIP': unseen(
      free('203.0.113.193', '', KUBERNETES, never),
      'it decides only in full-length ranges',
    ),
    'spec.ipFamilies.*': freeItem('IPv4', 'IPv6', KUBERNETES, never),
    'status.loadBalancer.ingress.*.ip': free('203.0.113.193', '', KUBERNETES, never),
  },
  EndpointSlice: {
    'metadata.labels.*': freeItem('subject', 'another', 'a slice of another service, or of none, is ordinary', never),
    addressType: free('IPv4', 'FQDN', KUBERNETES, never),
    'endpoints.*.nodeName': unseen(
      free('worker-1', 'worker-77', 'an endpoint on another node, or on none, is ordinary', never),
      'it counts only for services of policy Local',
    ),
  },
  Secret: {
    'data.*': refuses('cGFzc3dvcmQ='),
    'stringData.*': freeItem(
      'password',
      'password',
      'a password is any text; the rules tell what BIRD cannot take',
      never,
    ),
  },
  WorkloadStatus: {
    bgpPeerName: { ...replaces('to-workloads', 'nobody', ...EMPTY), code: 'unknown-peer' },
    'ipv4Nets.*': { ...replaces('198.51.100.9/32', ''), code: 'invalid-value' },
    'ipv6Nets.*': { ...replaces('2001:db8:5::9/128', ''), code: 'invalid-value' },
  },
};

/** Hostile strings that are possible resource names. */
export const VALID_NAMES: readonly string[] = NAMES;
