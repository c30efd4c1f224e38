import { AFFINITIES, affinityPrefix, STATUS_FILES, splitKey } from '../core/keys.ts';
import type { Entry, Snapshot } from './datastore.ts';

/**
 * One snapshot of all nodes' data (`clusterPrefixes`) as the service on each of them would see it, but for what only that machine holds:
 * nothing is known of the workloads there. What is no node's own is the same object for all of them.
 */
export function nodeSnapshots(snapshot: Snapshot): (node: string) => Snapshot {
  const affinities = new Map<string, Map<string, Entry>>();
  for (const [key, entry] of snapshot.entries(AFFINITIES)) {
    const { first } = splitKey(AFFINITIES, key);
    const own = affinities.get(first) ?? new Map<string, Entry>();
    affinities.set(first, own.set(key, entry));
  }
  const none: ReadonlyMap<string, Entry> = new Map();
  return (node) => ({
    ...snapshot,
    entries: (prefix) => {
      if (prefix === STATUS_FILES) return none;
      return prefix === affinityPrefix(node) ? (affinities.get(node) ?? none) : snapshot.entries(prefix);
    },
  });
}
