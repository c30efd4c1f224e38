import { envelope } from './envelope.ts';
import { boolean, type FieldType, integer, list, oneOf, optional, record, text, unlessEmpty } from './field.ts';
import { type SecretKeyRef, secretKeyRef } from './secret-key-ref.ts';
import { type Selector, selector } from './selector.ts';
import { type AsNumber, asNumber, ipAddress, type PeerAddress, peerAddress, resourceName, seconds } from './values.ts';

const spec = record({
  node: unlessEmpty(resourceName),
  nodeSelector: unlessEmpty(selector),
  peerIP: unlessEmpty(peerAddress),
  asNumber: optional(asNumber, null),
  localASNumber: optional(asNumber, null),
  peerSelector: unlessEmpty(selector),
  /** Only whether it is set counts: the workloads' own status files name their BGPPeer (spec 2.4). */
  localWorkloadSelector: unlessEmpty(text('a selector', (value) => value)),
  keepOriginalNextHop: optional(boolean, false),
  nextHopMode: unlessEmpty(oneOf('Auto', 'Self', 'Keep')),
  password: optional(record({ secretKeyRef: optional(secretKeyRef, null) }), null),
  sourceAddress: unlessEmpty(oneOf('UseNodeIP', 'None')),
  maxRestartTime: unlessEmpty(seconds),
  keepaliveTime: unlessEmpty(seconds),
  numAllowedLocalASNumbers: optional(integer(0, 2147483647), 0),
  ttlSecurity: optional(integer(0, 255), 0),
  reachableBy: unlessEmpty(ipAddress),
  filters: optional(list(resourceName), []),
  reversePeering: unlessEmpty(oneOf('Auto', 'Manual')),
});

export const bgpPeerFields = envelope(spec);

/** A BGPPeer (spec calico-v3, 1.1 and 2.4). Null = not set; times in whole seconds. */
export interface BgpPeer {
  readonly key: string;
  readonly name: string;
  /** The node that it is for, unless `nodeSelector` is set; both null = every node (a global peer). */
  readonly node: string | null;
  readonly nodeSelector: Selector | null;
  readonly peerAddress: PeerAddress | null;
  readonly peerSelector: Selector | null;
  readonly forLocalWorkloads: boolean;
  readonly asNumber: AsNumber | null;
  readonly localAsNumber: AsNumber | null;
  readonly keepOriginalNextHop: boolean;
  readonly nextHopMode: 'Auto' | 'Self' | 'Keep' | null;
  readonly password: SecretKeyRef | null;
  readonly sourceAddress: 'UseNodeIP' | 'None';
  readonly maxRestartSeconds: number | null;
  readonly keepaliveSeconds: number | null;
  readonly allowedLocalAsNumbers: number;
  /** Hops; 0 = off. */
  readonly ttlSecurity: number;
  readonly reachableBy: FieldType<typeof ipAddress> | null;
  /** Names of BGPFilters, in the order in which they are called. */
  readonly filters: readonly string[];
  readonly reversePeering: 'Auto' | 'Manual';
}

export function toBgpPeer(key: string, name: string, { spec: peer }: FieldType<typeof bgpPeerFields>): BgpPeer {
  return {
    key,
    name,
    node: peer.node,
    nodeSelector: peer.nodeSelector,
    peerAddress: peer.peerIP,
    peerSelector: peer.peerSelector,
    forLocalWorkloads: peer.localWorkloadSelector !== null,
    asNumber: peer.asNumber || null,
    localAsNumber: peer.localASNumber || null,
    keepOriginalNextHop: peer.keepOriginalNextHop,
    nextHopMode: peer.nextHopMode,
    password: peer.password?.secretKeyRef ?? null,
    sourceAddress: peer.sourceAddress ?? 'UseNodeIP',
    maxRestartSeconds: peer.maxRestartTime,
    keepaliveSeconds: peer.keepaliveTime,
    allowedLocalAsNumbers: peer.numAllowedLocalASNumbers,
    ttlSecurity: peer.ttlSecurity,
    reachableBy: peer.reachableBy,
    filters: peer.filters,
    reversePeering: peer.reversePeering ?? 'Auto',
  };
}
