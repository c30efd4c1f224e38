/** What is known of one string field: without a row here, the test of hostile strings fails. */
export interface FieldRow {
  /** A valid value, which shows in some file. */
  readonly example: string;
  /** What any other word counts as, with a warning. Null: a value that is not understood is refused with an error. */
  readonly otherwise: string | null;
  /** Hostile-looking values that are valid here, each with the ordinary value that it means (null: not set). */
  readonly valid: ReadonlyMap<unknown, unknown>;
  /** Where the value itself stands in a file, between quotes. */
  readonly quoted?: true;
}

const refuses = (example: string, ...valid: readonly (readonly [unknown, unknown])[]): FieldRow => ({
  example,
  otherwise: null,
  valid: new Map(valid),
});
const replaces = (
  example: string,
  otherwise: string,
  ...valid: readonly (readonly [unknown, unknown])[]
): FieldRow => ({
  example,
  otherwise,
  valid: new Map(valid),
});

/** Not set: null, and the empty string where Calico writes that. */
const NULL = [null, null] as const;
const EMPTY = [['', null], NULL] as const;

/** A session's AS number may be a JSON number, and have zeros in front. */
const AS_NUMBERS = [
  ['0064496', '64496'],
  ['3221226050', 3221226050],
  [1, '1'],
] as const;

/** Resource names; those that are strange but possible belong to no node here. */
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

/** Kind → dotted path of the field (`*`: every item of a list). */
export const VALID: Readonly<Record<string, Readonly<Record<string, FieldRow>>>> = {
  Node: {
    'spec.bgp.ipv4Address': refuses('192.0.2.9/24', ...EMPTY),
    'spec.bgp.ipv6Address': refuses('2001:db8::9/64', ...EMPTY),
    'spec.bgp.asNumber': refuses('64497', NULL, ...AS_NUMBERS),
    'spec.bgp.routeReflectorClusterID': refuses('192.0.2.254', ...EMPTY, ['0.0.0.0', '0.0.0.0']),
  },
  BGPConfiguration: {
    'spec.logSeverityScreen': replaces('Debug', 'none', ...EMPTY),
    'spec.asNumber': refuses('64498', NULL, ...AS_NUMBERS),
    'spec.bindMode': replaces('NodeIP', 'None', ...EMPTY),
    'spec.ignoredInterfaces.*': {
      ...refuses(
        'eth0',
        ...[
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
        ].map((name) => [name, name] as const),
      ),
      quoted: true,
    },
    'spec.programClusterRoutes': replaces('Disabled', 'EnabledNoEncapOnly', ...EMPTY),
  },
  IPPool: {
    'spec.cidr': refuses('198.51.100.0/24'),
    'spec.ipipMode': refuses('Always', ...EMPTY),
    'spec.vxlanMode': refuses('CrossSubnet', ...EMPTY),
  },
  BGPPeer: {
    'spec.node': refuses('worker-1', ...EMPTY, ...NAMES.map((name) => [name, 'worker-77'] as const)),
    'spec.peerIP': refuses('203.0.113.9:1179'),
    // 0 is how Calico writes "not given"; with a peerIP it is told by the rules, not by the decoder.
    'spec.asNumber': refuses('64499', ...AS_NUMBERS),
    'spec.sourceAddress': refuses('None', ...EMPTY),
    'spec.reversePeering': refuses('Manual', ...EMPTY),
  },
  BlockAffinity: {
    state: replaces('confirmed', 'pendingDeletion', ...EMPTY),
  },
};

/** Hostile strings that are possible resource names. */
export const VALID_NAMES: readonly string[] = NAMES;
