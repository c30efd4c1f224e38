import { envelope } from './envelope.ts';
import { type FieldType, INVALID, type Invalid, oneOf, optional, record, unlessEmpty } from './field.ts';
import { type AsNumber, asNumber, type PeerAddress, peerAddress, resourceName } from './values.ts';

/** Fields whose rules are not built yet. A peer that sets one is left out: half a peer is worse than none. */
const NOT_BUILT = [
  'nodeSelector',
  'peerSelector',
  'localWorkloadSelector',
  'localASNumber',
  'keepOriginalNextHop',
  'nextHopMode',
  'password',
  'maxRestartTime',
  'keepaliveTime',
  'numAllowedLocalASNumbers',
  'ttlSecurity',
  'reachableBy',
  'filters',
] as const;

const known = record(
  {
    node: unlessEmpty(resourceName),
    peerIP: unlessEmpty(peerAddress),
    asNumber: optional(asNumber, null),
    sourceAddress: optional(unlessEmpty(oneOf('UseNodeIP', 'None')), null),
    reversePeering: optional(unlessEmpty(oneOf('Auto', 'Manual')), null),
  },
  [],
  NOT_BUILT,
);

/** Refuses what the fields above ask for: the faults are already told, one a field. */
const spec: typeof known = {
  shape: known.shape,
  decode: (value, path, faults): FieldType<typeof known> | Invalid => {
    const before = faults.length;
    const decoded = known.decode(value, path, faults);
    return faults.slice(before).some(({ code }) => code === 'not-built') ? INVALID : decoded;
  },
};

export const bgpPeerFields = envelope(spec);

/** A BGPPeer by address (spec calico-v3, 1.1 and 2.4). */
export interface BgpPeer {
  readonly key: string;
  readonly name: string;
  /** The node that it is for; null = every node (a global peer). */
  readonly node: string | null;
  readonly peerAddress: PeerAddress | null;
  readonly asNumber: AsNumber | null;
  readonly sourceAddress: 'UseNodeIP' | 'None';
  readonly reversePeering: 'Auto' | 'Manual';
}

export function toBgpPeer(key: string, name: string, { spec: peer }: FieldType<typeof bgpPeerFields>): BgpPeer {
  return {
    key,
    name,
    node: peer.node,
    peerAddress: peer.peerIP,
    asNumber: peer.asNumber,
    sourceAddress: peer.sourceAddress ?? 'UseNodeIP',
    reversePeering: peer.reversePeering ?? 'Auto',
  };
}
