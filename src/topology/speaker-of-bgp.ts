import type { FamilyBgp } from '../bgp/node-bgp.ts';
import type { Peer } from '../bgp/peer.ts';
import type { Speaker, SpokenSession } from './speaker.ts';

const sessionOf = (peer: Peer, family: 4 | 6): SpokenSession => ({
  name: peer.name,
  family,
  neighbor: peer.address,
  port: peer.port ?? 0,
  asNumber: peer.asNumber,
  clusterId: peer.rrClusterId,
  fate: 'unchanged',
});

/** A node as the rules have it speak, before any template. */
export const speakerOfBgp = (name: string, families: readonly FamilyBgp[]): Speaker => ({
  name,
  asNumber: families[0]?.asNumber ?? null,
  addresses: families.flatMap(({ address }) => (address === null ? [] : [address])),
  sessions: families.flatMap(({ peers, family }) => peers.map((peer) => sessionOf(peer, family))),
});
