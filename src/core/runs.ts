/** A run ends where a known one begins, but not before it has this many items: else changes would crumble a list in time. */
const LEAST = 16;
/** About the square root of some thousands: then there are about as many runs as items in a run. */
const USUAL = 64;
const MOST = 2 * USUAL;

/** The items of several lists, in order. Of thousands, `flat` and `flatMap` look at each, which takes ten times as long. */
export const joinRuns = <T>(runs: readonly (readonly T[])[]): readonly T[] => ([] as readonly T[]).concat(...runs);

/**
 * Cuts lists into runs of neighbors so that of two lists that differ in a few items nearly all runs are the same arrays: what is made of a
 * run is then remembered by it, and a change among thousands of items costs a change among some dozens. One for each use; it keeps nothing
 * alive but through the items. The items are objects, compared by identity.
 */
export class Runs<T extends object> {
  /** By its first item, the run that was cut last from there on. */
  readonly #known = new WeakMap<T, readonly T[]>();

  /** The items in runs, in order; none is empty. */
  cut(items: readonly T[]): readonly (readonly T[])[] {
    const runs: (readonly T[])[] = [];
    for (let at = 0; at < items.length; ) {
      const run = this.#at(items, at) ?? this.#begin(items, at);
      runs.push(run);
      at += run.length;
    }
    return runs;
  }

  /** The known run that stands there, whole. */
  #at(items: readonly T[], at: number): readonly T[] | null {
    const run = this.#known.get(items[at]!);
    if (!run || run.length > items.length - at) return null;
    for (let i = 1; i < run.length; i++) if (items[at + i] !== run[i]) return null;
    return run;
  }

  #begin(items: readonly T[], at: number): readonly T[] {
    const run = items.slice(at, this.#endOf(items, at));
    this.#known.set(items[at]!, run);
    return run;
  }

  /** Where the next known run begins; where that is too far away, room is left for what may come in between. */
  #endOf(items: readonly T[], at: number): number {
    for (let end = at + LEAST; end < items.length; end++) {
      if (end - at > MOST) return at + USUAL;
      if (this.#at(items, end)) return end;
    }
    return items.length;
  }
}
