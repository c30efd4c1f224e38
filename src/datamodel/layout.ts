import { type DataLayout, LAYOUT_PREFIXES } from '../core/keys.ts';
import type { Snapshot } from '../datastore/datastore.ts';

/**
 * Which layout the data of a snapshot have, by what is there: `both` must be asked about, null tells nothing yet. The snapshot must be
 * one of `prefixesFor(node, null)`. A decision, once taken, is the caller's to keep: half a migration looks like both.
 */
export function layoutOf(snapshot: Snapshot): DataLayout | 'both' | null {
  const [v1, v3] = (['v1', 'v3'] as const).map((layout) =>
    LAYOUT_PREFIXES[layout].some((prefix) => snapshot.entries(prefix).size > 0),
  );
  if (v1 && v3) return 'both';
  return v1 ? 'v1' : v3 ? 'v3' : null;
}
