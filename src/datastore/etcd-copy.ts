import type { Entry, Snapshot } from './datastore.ts';
import type { Listing } from './etcd-list.ts';
import type { Position } from './etcd-position.ts';
import type { Changes } from './etcd-watch.ts';
import { KeySpace } from './key-space.ts';

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

  get(key: string): Entry | undefined {
    return this.#space.get(key);
  }

  /** What stands under the prefixes now, as a listing has it. Immutable. */
  content(): ReadonlyMap<string, Entry> {
    const { entries } = this.#space.snapshot();
    return new Map(this.prefixes.flatMap((prefix) => [...entries(prefix)]));
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
    // One of several watches may be behind the others.
    if (!this.#position || revision <= this.#position.revision) return changed;
    this.#space.at(revision.toString());
    this.#position = { ...this.#position, revision };
    return changed;
  }
}
