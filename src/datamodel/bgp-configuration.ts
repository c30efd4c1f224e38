import { envelope } from './envelope.ts';
import {
  boolean,
  type Fault,
  type Field,
  type FieldType,
  integer,
  list,
  oneOfOr,
  optional,
  record,
  text,
  unlessEmpty,
} from './field.ts';
import { type AsNumber, interfacePattern, sessionAsNumber } from './values.ts';

/** What BIRD logs: Calico knows only three levels, and takes Trace, Warning, Error and Fatal for "none" (spec 1.1). */
export type LogSeverity = 'debug' | 'info' | 'none';

const severityWord = text('a log severity', (value) => value);

const logSeverity: Field<LogSeverity> = {
  shape: severityWord.shape,
  decode: (value, path, faults: Fault[]) => {
    const word = severityWord.decode(value, path, faults);
    if (typeof word !== 'string') return word;
    const lower = word.toLowerCase();
    if (lower === 'debug' || lower === 'info') return lower;
    if (!['trace', 'warning', 'error', 'fatal', 'none'].includes(lower))
      oneOfOr('none', 'Debug', 'Info').decode(word, path, faults);
    return 'none';
  },
};

/** Which pools' routes BIRD programs into the kernel (spec 7.1). */
export type ProgramClusterRoutes = 'Enabled' | 'Disabled' | 'EnabledIPIPOnly' | 'EnabledNoEncapOnly';

const spec = record(
  {
    logSeverityScreen: unlessEmpty(logSeverity),
    nodeToNodeMeshEnabled: optional(boolean, true),
    asNumber: optional(sessionAsNumber, null),
    listenPort: optional(integer(0, 65535), 0),
    bindMode: optional(unlessEmpty(oneOfOr('None', 'None', 'NodeIP')), null),
    ignoredInterfaces: optional(list(interfacePattern), []),
    programClusterRoutes: optional(
      unlessEmpty(oneOfOr('EnabledNoEncapOnly', 'Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly')),
      null,
    ),
  },
  ['serviceLoadBalancerAggregation', 'localWorkloadPeeringIPV4', 'localWorkloadPeeringIPV6'],
  [
    'serviceLoadBalancerIPs',
    'serviceExternalIPs',
    'serviceClusterIPs',
    'communities',
    'prefixAdvertisements',
    'nodeMeshPassword',
    'nodeMeshMaxRestartTime',
    'ipv4NormalRoutePriority',
    'ipv6NormalRoutePriority',
  ],
);

export const bgpConfigurationFields = envelope(optional(spec, null));

/** A BGPConfiguration; null = not set there, so that a node's own falls back on the default one. */
export interface BgpConfiguration {
  readonly key: string;
  readonly name: string;
  readonly logSeverity: LogSeverity | null;
  readonly meshEnabled: boolean;
  readonly asNumber: AsNumber | null;
  readonly listenPort: number | null;
  readonly bindMode: 'None' | 'NodeIP';
  readonly ignoredInterfaces: readonly string[];
  readonly programClusterRoutes: ProgramClusterRoutes;
}

/** The names that count: `default` for all nodes, `node.<name>` for one. */
export const isBgpConfigurationName = (name: string): boolean => name === 'default' || name.startsWith('node.');

export function toBgpConfiguration(
  key: string,
  name: string,
  { spec: given }: FieldType<typeof bgpConfigurationFields>,
): BgpConfiguration {
  return {
    key,
    name,
    logSeverity: given?.logSeverityScreen ?? null,
    meshEnabled: given?.nodeToNodeMeshEnabled ?? true,
    asNumber: given?.asNumber ?? null,
    listenPort: given?.listenPort || null,
    bindMode: given?.bindMode ?? 'None',
    ignoredInterfaces: given?.ignoredInterfaces ?? [],
    programClusterRoutes: given?.programClusterRoutes ?? 'EnabledNoEncapOnly',
  };
}
