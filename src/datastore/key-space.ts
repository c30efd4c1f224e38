import type { Diagnostic } from '../core/diagnostic.ts';
import { Journal } from '../core/journal.ts';
import type { Entry, Snapshot } from './datastore.ts';

/**
 * The copy behind a datastore: one Map per asked prefix, copied on the first write after a snapshot handed it out.
 * Copying 10,000 entries costs 2-3 ms, so it is done per prefix, never for the whole copy (architecture 2). What changed from one Map to
 * the next, `changesBetween` tells (core/journal.ts).
 */
export class KeySpace {
  readonly #maps: Map<string, Map<string, Entry>>;
  readonly #journals: ReadonlyMap<string, Journal>;
  readonly #shared = new Set<string>();
  #generation = 0;
  #listing = 0;
  #revision = '0';
  #diagnostics: readonly Diagnostic[] = [];
  #last: Snapshot | null = null;

  constructor(prefixes: readonly string[]) {
    this.#maps = new Map(prefixes.map((prefix) => [prefix, new Map()]));
    this.#journals = new Map(prefixes.map((prefix) => [prefix, new Journal()]));
  }

  get(key: string): Entry | undefined {
    const prefix = this.#prefixOf(key);
    return prefix === null ? undefined : this.#maps.get(prefix)?.get(key);
  }

  /** Sets the value under `key`, or removes it with null; keys outside the asked prefixes are ignored. True if anything changed. */
  set(key: string, entry: Entry | null): boolean {
    const prefix = this.#prefixOf(key);
    if (prefix === null) return false;
    const before = this.#maps.get(prefix)?.get(key);
    if (entry === null ? before === undefined : before?.version === entry.version && before.value === entry.value)
      return false;
    const map = this.#writable(prefix);
    if (entry === null) map.delete(key);
    else map.set(key, entry);
    this.#journals.get(prefix)?.note(key);
    this.#last = null;
    this.#generation++;
    return true;
  }

  /** Makes the copy equal to `all`: keys that are not in it are removed. Unchanged entries keep their identity. True if anything changed. */
  replace(all: ReadonlyMap<string, Entry>): boolean {
    let changed = false;
    for (const map of this.#maps.values()) {
      for (const key of [...map.keys()]) if (!all.has(key)) changed = this.set(key, null) || changed;
    }
    for (const [key, entry] of all) changed = this.set(key, entry) || changed;
    if (changed) this.#listing++;
    return changed;
  }

  /** Notes the store's revision, which also moves when other prefixes change. */
  at(revision: string): void {
    if (revision === this.#revision) return;
    this.#revision = revision;
    this.#last = null;
  }

  /** Sets the faults of the source that the next snapshots tell. True if they changed. */
  note(diagnostics: readonly Diagnostic[]): boolean {
    if (JSON.stringify(diagnostics) === JSON.stringify(this.#diagnostics)) return false;
    this.#diagnostics = diagnostics;
    this.#last = null;
    this.#generation++;
    return true;
  }

  snapshot(): Snapshot {
    if (this.#last) return this.#last;
    const maps = new Map(this.#maps);
    for (const [prefix, map] of maps) {
      this.#journals.get(prefix)?.mark(map);
      this.#shared.add(prefix);
    }
    const entries = (prefix: string) => {
      const map = maps.get(prefix);
      if (!map) throw new Error(`bug: the datastore was not asked for ${prefix}`);
      return map;
    };
    this.#last = {
      generation: this.#generation,
      revision: this.#revision,
      listing: this.#listing,
      entries,
      diagnostics: this.#diagnostics,
    };
    return this.#last;
  }

  #prefixOf(key: string): string | null {
    for (const prefix of this.#maps.keys()) if (key.startsWith(prefix)) return prefix;
    return null;
  }

  #writable(prefix: string): Map<string, Entry> {
    const map = this.#maps.get(prefix) ?? new Map<string, Entry>();
    if (!this.#shared.delete(prefix)) return map;
    const copy = new Map(map);
    this.#maps.set(prefix, copy);
    return copy;
  }
}
