import type { Family } from '../../core/ip-address.ts';
import type { BgpPeer } from '../bgp-peer.ts';
import { type Fault, type FieldType, INVALID, type Invalid, record } from '../field.ts';
import { decodeJson } from './json-text.ts';
import { v1Address, v1AsNumber } from './plain-text.ts';

const peerFields = (family: Family) => record({ ip: v1Address(family), as_num: v1AsNumber }, ['*']);

/** The value of a peer key of each family: the neighbor's address and AS number. What the key says of the address does not count. */
const v1PeerFields = { 4: peerFields(4), 6: peerFields(6) } as const;

/** A peer as today's BGPPeer: everything that v0.22 did not have is unset. `node` null: for every node. */
function toBgpPeer(
  key: string,
  node: string | null,
  { ip, as_num }: FieldType<ReturnType<typeof peerFields>>,
): BgpPeer {
  return {
    key,
    name: key.slice(key.lastIndexOf('/') + 1),
    node,
    nodeSelector: null,
    peerAddress: { host: ip.text, address: ip, port: 0 },
    peerSelector: null,
    forLocalWorkloads: false,
    asNumber: as_num,
    localAsNumber: null,
    keepOriginalNextHop: false,
    nextHopMode: null,
    password: null,
    sourceAddress: 'UseNodeIP',
    maxRestartSeconds: null,
    keepaliveSeconds: null,
    allowedLocalAsNumbers: 0,
    ttlSecurity: 0,
    reachableBy: null,
    filters: [],
    reversePeering: 'Auto',
  };
}

/** The peer under `…/peer_v4/<ip>` or `…/peer_v6/<ip>`. */
export function decodeV1Peer(
  key: string,
  node: string | null,
  family: Family,
  value: unknown,
  faults: Fault[],
): BgpPeer | Invalid {
  const decoded = decodeJson(v1PeerFields[family], value, faults);
  return decoded === INVALID ? INVALID : toBgpPeer(key, node, decoded);
}
