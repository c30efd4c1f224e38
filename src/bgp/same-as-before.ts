import { Secret } from '../core/secret.ts';
import type { Peer } from './peer.ts';

/** The peers built last from each resource. Weak: a resource that is gone takes its peers with it. */
const before = new WeakMap<object, Map<string, Peer>>();

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  // One password is another object where the Secret was written again, or was read back from the live file.
  if (a instanceof Secret || b instanceof Secret)
    return a instanceof Secret && b instanceof Secret && a.reveal() === b.reveal();
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const fields = Object.keys(a) as (keyof typeof a)[];
  return fields.length === Object.keys(b).length && fields.every((field) => equal(a[field], b[field]));
}

/**
 * The Peer built earlier from the same resource, if it equals `peer` in every field, else `peer` itself. So an unchanged peer
 * stays the same object from pass to pass, and whoever remembers something by it (its text) finds it again.
 */
export function sameAsBefore(resource: object, peer: Peer): Peer {
  const known = before.get(resource);
  const byName = known ?? new Map<string, Peer>();
  if (!known) before.set(resource, byName);
  const last = byName.get(peer.name);
  // Where all nodes of a cluster are rendered, it was mostly another one's.
  if (last && last.sourceAddress === peer.sourceAddress && equal(peer, last)) return last;
  byName.set(peer.name, peer);
  return peer;
}
