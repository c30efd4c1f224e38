import { resourceKey } from '../core/keys.ts';
import { type FilterCall, type Filters, filterCalls } from './filters.ts';
import type { Passwords } from './passwords.ts';
import { type Peer, type PeerContext, type PeerKind, peerName, waitsFor } from './peer.ts';
import type { Peering, Peerings } from './peerings.ts';
import { sameAsBefore } from './same-as-before.ts';

/** Next hop of what is told to the neighbor: nextHopMode, if set, decides alone (spec 2.4 and 3.4). */
function nextHop({ peer, form }: Peering, internal: boolean): 'keep' | 'self' | null {
  if (form === 'workload') return null;
  if (peer.nextHopMode !== null)
    return peer.nextHopMode === 'Self' ? 'self' : peer.nextHopMode === 'Keep' ? 'keep' : null;
  return peer.keepOriginalNextHop && !internal ? 'keep' : null;
}

function toPeer(kind: PeerKind, peering: Peering, context: PeerContext, calls: Calls): Omit<Peer, 'password'> {
  const { peer, form, address, port, asNumber } = peering;
  const localAsNumber = form === 'node' ? null : peer.localAsNumber; // quirk of spec 9.6, kept
  const internal = asNumber === (localAsNumber ?? context.asNumber);
  const isWorkload = form === 'workload';
  const waits = kind !== 'Node' && peering.isNodeAddress && waitsFor(context.address, address);
  return {
    name: peerName(kind, address, port),
    address,
    port: port || null,
    asNumber,
    localAsNumber,
    sourceAddress: !isWorkload && peer.sourceAddress === 'UseNodeIP' ? context.address : null,
    ttlSecurityHops: (!isWorkload && peer.ttlSecurity) || null,
    internal,
    passive: isWorkload || waits,
    gracefulRestartSeconds: isWorkload ? null : peer.maxRestartSeconds,
    keepaliveSeconds: isWorkload ? null : peer.keepaliveSeconds,
    // Two reflectors of one cluster are no clients of each other (spec 3.4).
    rrClusterId: internal && peering.rrClusterId !== context.rrClusterId ? context.rrClusterId : null,
    nextHop: nextHop(peering, internal),
    allowedLocalAsNumbers: form === 'address' ? peer.allowedLocalAsNumbers || null : null,
    importFilters: calls('import', internal),
    exportFilters: calls('export', internal),
    normalRoutePriority: context.normalRoutePriority,
    origins: peering.origins,
  };
}

type Calls = (direction: 'import' | 'export', internal: boolean) => readonly FilterCall[];

/** The sessions of `self` that follow from BGPPeers, in one family (spec 3.4). The node's own address is no neighbor. */
export function explicitPeers(
  filters: Filters,
  { global, own }: Peerings,
  context: PeerContext,
  passwords: Passwords,
): readonly Peer[] {
  const peers: Peer[] = [];
  const callsOf = ({ peer }: Peering): Calls => {
    const named = peer.filters
      .map((name) => filters.get(resourceKey('BGPFilter', name)))
      .filter((filter) => filter !== undefined);
    return (direction, internal) => filterCalls(named, direction, internal);
  };
  const add = (kind: PeerKind, peering: Peering) => {
    const { address, peer, form } = peering;
    if (address.includes(':') !== (context.family === 6) || address === context.address) return;
    const isWorkload = form === 'workload';
    const built = toPeer(isWorkload ? 'Local_Workload' : kind, peering, context, callsOf(peering));
    const at = { key: peer.key, path: ['spec', 'password'] };
    const password = passwords.wanted(isWorkload ? null : peer.password, at).of(built.name);
    if (password !== 'missing') peers.push(sameAsBefore(peer, { ...built, password }));
  };
  for (const peering of global.values()) add('Global', peering);
  for (const peering of own.values()) add('Node', peering);
  return peers;
}
