import { show } from '../core/diagnostic.ts';
import type { Approval } from '../core/hold-kinds.ts';
import { byBytes } from '../core/order.ts';
import { APPROVE } from './approval.ts';
import { approvableEnvelope } from './envelope.ts';
import {
  boolean,
  type Fault,
  type Field,
  type FieldType,
  INVALID,
  integer,
  list,
  oneOfOr,
  optional,
  record,
  text,
  unlessEmpty,
} from './field.ts';
import { type SecretKeyRef, secretKeyRef } from './secret-key-ref.ts';
import {
  type AsNumber,
  communityValue,
  interfacePattern,
  parseCommunity,
  seconds,
  sessionAsNumber,
  type TypedCidr,
  typedCidr,
} from './values.ts';

/** What BIRD logs: Calico knows only three levels, and takes Trace, Warning, Error and Fatal for "none" (spec 1.1). */
export type LogSeverity = 'debug' | 'info' | 'none';

const severityWord = text('a log severity', (value) => value);

const logSeverity: Field<LogSeverity> = {
  shape: severityWord.shape,
  decode: (value, faults: Fault[]) => {
    const word = severityWord.decode(value, faults);
    if (typeof word !== 'string') return word;
    const lower = word.toLowerCase();
    if (lower === 'debug' || lower === 'info') return lower;
    if (!['trace', 'warning', 'error', 'fatal', 'none'].includes(lower))
      oneOfOr('none', 'Debug', 'Info').decode(word, faults);
    return 'none';
  },
};

/** Which pools' routes BIRD programs into the kernel; what "unknown" and unset mean depends on the release (spec 7.1). */
export type ProgramClusterRoutes = 'Enabled' | 'Disabled' | 'EnabledIPIPOnly' | 'EnabledNoEncapOnly' | 'unknown';

const policy = oneOfOr<ProgramClusterRoutes>('unknown', 'Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly');

/** An entry without a cidr is ignored (spec 1.1). */
const ranges = optional(list(record({ cidr: unlessEmpty(typedCidr) })), []);

const communityName = text('a name', (value) => (value === '' ? null : value));
const communities = optional(list(record({ name: communityName, value: communityValue })), []);
const advertisements = list(record({ cidr: unlessEmpty(typedCidr), communities: optional(list(communityName), []) }));

const priority = optional(integer(1, 2147483646), null);

const fields = record(
  {
    logSeverityScreen: unlessEmpty(logSeverity),
    nodeToNodeMeshEnabled: optional(boolean, true),
    asNumber: optional(sessionAsNumber, null),
    listenPort: optional(integer(0, 65535), 0),
    bindMode: optional(unlessEmpty(oneOfOr('None', 'None', 'NodeIP')), null),
    ignoredInterfaces: optional(list(interfacePattern), []),
    programClusterRoutes: unlessEmpty(policy),
    communities,
    prefixAdvertisements: optional(advertisements, null),
    nodeMeshPassword: optional(record({ secretKeyRef: optional(secretKeyRef, null) }), null),
    nodeMeshMaxRestartTime: unlessEmpty(seconds),
    serviceClusterIPs: ranges,
    serviceExternalIPs: ranges,
    serviceLoadBalancerIPs: ranges,
    serviceLoadBalancerAggregation: unlessEmpty(oneOfOr('Enabled', 'Enabled', 'Disabled')),
    ipv4NormalRoutePriority: priority,
    ipv6NormalRoutePriority: priority,
  },
  ['localWorkloadPeeringIPV4', 'localWorkloadPeeringIPV6'],
);

type Given = FieldType<typeof fields>;

/** A community that is named stands in the same resource; a name that does not is told, and adds nothing. */
function resolve({ communities: aliases, prefixAdvertisements }: Given, faults: Fault[]) {
  const communityOf = (community: string, at: Fault['path']): readonly number[] | null => {
    const value = parseCommunity(community) ?? aliases.find(({ name }) => name === community)?.value ?? null;
    const message = `expected a community a:b or a:b:c, or the name of one of spec.communities, found ${show(community)}`;
    if (!value) faults.push({ severity: 'warning', code: 'unknown-community', path: at, message });
    return value;
  };
  return prefixAdvertisements?.flatMap(({ cidr, communities: named }, i): readonly PrefixAdvertisement[] => {
    const at = ['prefixAdvertisements', i, 'communities'];
    const values = named.map((community, j) => communityOf(community, [...at, j])).filter((value) => value !== null);
    const byText = new Map(values.map((value) => [value.join(':'), value]));
    const sorted = [...byText].sort(([a], [b]) => byBytes(a, b)).map(([, value]) => value);
    return cidr ? [{ cidr, communities: sorted }] : [];
  });
}

const spec: Field<Given & { readonly advertised: readonly PrefixAdvertisement[] | null }> = {
  shape: fields.shape,
  decode: (value, faults) => {
    const given = fields.decode(value, faults);
    return given === INVALID ? INVALID : { ...given, advertised: resolve(given, faults) ?? null };
  },
};

export const bgpConfigurationFields = approvableEnvelope(optional(spec, null));

/** Which communities a prefix is told with; its values are sorted by their text and each is there once (spec 2.2). */
export interface PrefixAdvertisement {
  readonly cidr: TypedCidr;
  readonly communities: readonly (readonly number[])[];
}

/** A BGPConfiguration; null = not set there, so that a node's own falls back on the default one. */
export interface BgpConfiguration {
  readonly key: string;
  readonly name: string;
  /** What the annotation `birdconfd/approve` says. */
  readonly approval: Approval | null;
  readonly logSeverity: LogSeverity | null;
  readonly meshEnabled: boolean;
  readonly asNumber: AsNumber | null;
  readonly listenPort: number | null;
  readonly bindMode: 'None' | 'NodeIP';
  readonly ignoredInterfaces: readonly string[];
  readonly programClusterRoutes: ProgramClusterRoutes | null;
  readonly prefixAdvertisements: readonly PrefixAdvertisement[] | null;
  readonly meshPassword: SecretKeyRef | null;
  readonly meshRestartSeconds: number | null;
  readonly serviceRanges: Readonly<Record<'cluster' | 'external' | 'loadBalancer', readonly TypedCidr[]>>;
  readonly loadBalancerAggregation: boolean;
  readonly normalRoutePriority: Readonly<Record<4 | 6, number | null>>;
}

/** The names that count: `default` for all nodes, `node.<name>` for one. */
export const isBgpConfigurationName = (name: string): boolean => name === 'default' || name.startsWith('node.');

const rangesOf = (entries: readonly { readonly cidr: TypedCidr | null }[] | undefined): readonly TypedCidr[] =>
  (entries ?? []).flatMap(({ cidr }) => (cidr ? [cidr] : []));

export function toBgpConfiguration(
  key: string,
  name: string,
  { spec: given, metadata }: FieldType<typeof bgpConfigurationFields>,
): BgpConfiguration {
  return {
    key,
    name,
    approval: metadata.annotations[APPROVE],
    logSeverity: given?.logSeverityScreen ?? null,
    meshEnabled: given?.nodeToNodeMeshEnabled ?? true,
    asNumber: given?.asNumber ?? null,
    listenPort: given?.listenPort || null,
    bindMode: given?.bindMode ?? 'None',
    ignoredInterfaces: given?.ignoredInterfaces ?? [],
    programClusterRoutes: given?.programClusterRoutes ?? null,
    prefixAdvertisements: given?.advertised ?? null,
    meshPassword: given?.nodeMeshPassword?.secretKeyRef ?? null,
    meshRestartSeconds: given?.nodeMeshMaxRestartTime ?? null,
    serviceRanges: {
      cluster: rangesOf(given?.serviceClusterIPs),
      external: rangesOf(given?.serviceExternalIPs),
      loadBalancer: rangesOf(given?.serviceLoadBalancerIPs),
    },
    loadBalancerAggregation: given?.serviceLoadBalancerAggregation !== 'Disabled',
    normalRoutePriority: { 4: given?.ipv4NormalRoutePriority ?? null, 6: given?.ipv6NormalRoutePriority ?? null },
  };
}
