import { StageError } from '../core/errors.ts';
import type { Snapshot } from './datastore.ts';
import type { Listing } from './etcd-list.ts';
import type { Changes } from './etcd-watch.ts';
import { KeySpace } from './key-space.ts';

/** Up to which revision of which cluster the copy is complete. */
export interface Position {
  readonly revision: bigint;
  readonly clusterId: string;
}

/** Keys of etcd begin with a "/"; those of other sources, which lie beside it, with a word (`k8s:/…`, `secret:/…`). */
export const isOfEtcd = (prefix: string): boolean => prefix === '' || prefix.startsWith('/');

/** The keys under the prefixes, and where they stand. Every method leaves a consistent cut. */
export class EtcdCopy {
  /** Those for which etcd is to be asked. Under the other ones stands nothing. */
  readonly prefixes: readonly string[];
  readonly #space: KeySpace;
  #position: Position | null = null;
  #listings = 0;

  constructor(prefixes: readonly string[]) {
    this.prefixes = prefixes.filter(isOfEtcd);
    this.#space = new KeySpace(prefixes);
  }

  /** Null: the copy has to be listed (anew). */
  get position(): Position | null {
    return this.#position;
  }

  get isComplete(): boolean {
    return this.#position !== null;
  }

  /** How often it was listed. */
  get listings(): number {
    return this.#listings;
  }

  snapshot(): Snapshot {
    return this.#space.snapshot();
  }

  countUnder(prefix: string): number {
    return this.#space.snapshot().entries(prefix).size;
  }

  /** The content stays, but changes can no longer be added to it. */
  forgetPosition(): void {
    this.#position = null;
  }

  /** Takes over the whole content, so that deletions show. True if anything differs from before. */
  takeListing({ revision, clusterId, entries }: Listing): boolean {
    this.#listings++;
    const changed = this.#space.replace(entries);
    this.#space.at(revision.toString());
    this.#position = { revision, clusterId };
    return changed;
  }

  /** Takes over one response of the watch, whole. True if anything under the prefixes changed. */
  takeChanges({ revision, list }: Changes): boolean {
    let changed = false;
    for (const [key, entry] of list) changed = this.#space.set(key, entry) || changed;
    this.#space.at(revision.toString());
    if (this.#position) this.#position = { ...this.#position, revision };
    return changed;
  }
}

/**
 * Throws `cluster-changed` or `revision-went-back` if an answer to a question asked at `position` shows that the store was
 * replaced or restored since: then what the copy holds says nothing about it.
 */
export function verifySameStore(position: Position, header: { cluster_id: string; revision: string }): void {
  if (header.cluster_id !== position.clusterId) {
    const message = `etcd is another cluster: ${header.cluster_id}, was ${position.clusterId}`;
    throw new StageError('datastore', 'cluster-changed', message, { retryable: true });
  }
  if (BigInt(header.revision) < position.revision) {
    const message = `etcd went back to revision ${header.revision} from ${position.revision}`;
    throw new StageError('datastore', 'revision-went-back', message, { retryable: true });
  }
}
