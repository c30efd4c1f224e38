import { sameModel } from '../core/same-model.ts';
import type { Peer } from './peer.ts';

/** The peers built last from each resource, by name where there are several. Weak: a resource that is gone takes its peers with it. */
const before = new WeakMap<object, Peer | Map<string, Peer>>();

/**
 * The Peer built earlier from the same resource, if it equals `peer` in every field, else `peer` itself. So an unchanged peer
 * stays the same object from pass to pass, and whoever remembers something by it (its text) finds it again.
 */
export function sameAsBefore(resource: object, peer: Peer): Peer {
  const known = before.get(resource);
  const last = known instanceof Map ? known.get(peer.name) : known;
  // Where all nodes of a cluster are rendered, it was mostly another one's.
  if (last && last.sourceAddress === peer.sourceAddress && sameModel(peer, last)) return last;
  if (known instanceof Map) known.set(peer.name, peer);
  else if (!known || known.name === peer.name) before.set(resource, peer);
  else before.set(resource, new Map([known, peer].map((each) => [each.name, each])));
  return peer;
}
