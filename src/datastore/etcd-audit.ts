import type { Etcd3 } from 'etcd3';
import { StageError } from '../core/errors.ts';
import type { Entry } from './datastore.ts';
import type { EtcdCopy } from './etcd-copy.ts';
import { listAtOneRevision } from './etcd-list.ts';
import { verifySameStore } from './etcd-position.ts';
import type { GenerationPlace } from './generations.ts';

/** What is to be audited, and over which client. */
export interface Audit {
  readonly place: GenerationPlace;
  readonly copy: EtcdCopy;
  readonly client: Etcd3;
  /** True: only what stands where and since which revision, which costs a tenth of reading it all. */
  readonly keysOnly: boolean;
  /** How long one page may take. */
  readonly pageMs: number;
}

/** While the watch is late it is looked at this often within its grace time. */
const LOOKS = 20;

/**
 * Reads everything again, and resolves once the watch has brought whatever the copy differed in from that. Rejects with
 * `missed-by-watch` when it does not, although it has gone past that revision, or has not moved for the grace time: then the watch is
 * deaf, or the store was restored to another history whose revisions are ahead of ours, where only a reading finds what vanished.
 */
export async function auditCopy({ place, copy, client, keysOnly, pageMs }: Audit): Promise<void> {
  const { clock, connection, timings } = place;
  const position = copy.position;
  if (!position) throw new Error('bug: nothing to audit');
  const before = copy.content();
  const listing = await listAtOneRevision(client, copy.prefixes, { keysOnly, pageMs });
  place.onContact();
  verifySameStore(position, { revision: listing.revision.toString(), cluster_id: listing.clusterId });

  const isSame = (a: Entry | undefined, b: Entry | undefined) =>
    a?.version === b?.version && (keysOnly || a?.value === b?.value);
  const keys = new Set([...before.keys(), ...listing.entries.keys()]);
  let late = [...keys].filter((key) => !isSame(before.get(key), listing.entries.get(key)));
  const revision = () => copy.position?.revision ?? 0n;
  const isPast = () => revision() >= listing.revision;
  // What came and went again behind the listing leaves no trace in a copy that is past it.
  const isGoneAgain = (key: string) =>
    isPast() && !before.has(key) && BigInt(listing.entries.get(key)?.version ?? 0) > position.revision;
  for (let looks = 0, at = revision(); ; looks++) {
    late = late.filter((key) => copy.get(key) === before.get(key) && !isGoneAgain(key));
    if (late.length === 0) return;
    if (isPast() || looks > LOOKS) {
      const message = `etcd ${place.endpoint}: the watch did not bring what became of ${late[0]}`;
      throw new StageError('datastore', 'missed-by-watch', message, { retryable: true });
    }
    await clock.sleep(timings.graceMs / LOOKS, connection.signal);
    connection.signal.throwIfAborted();
    if (revision() !== at) [looks, at] = [0, revision()];
  }
}
