/** A run ends where a known one begins, but not before it has this many items: else changes would crumble a list in time. */
const LEAST = 16;
/** About the square root of some thousands: then there are about as many runs as items in a run. */
const USUAL = 64;
const MOST = 2 * USUAL;

/** The items of several lists, in order. Of thousands, `flat` and `flatMap` look at each, which takes ten times as long. */
export const joinRuns = <T>(runs: readonly (readonly T[])[]): readonly T[] => ([] as readonly T[]).concat(...runs);

/**
 * Cuts lists into runs of neighbors so that of two lists that differ in a few items nearly all runs are the same arrays: what is made of a
 * run is then remembered by it, and a change among thousands of items costs a change among some dozens. One for each use; it knows the last
 * two lists, for the two daemons take turns, and keeps nothing older alive. The items are objects, compared by identity, and all different.
 */
export class Runs<T extends object> {
  /** The runs of the last lists, the newest first, by their first item. */
  #known: readonly ReadonlyMap<T, readonly T[]>[] = [];

  /** The items in runs, in order; none is empty. */
  cut(items: readonly T[]): readonly (readonly T[])[] {
    const runs = new Map<T, readonly T[]>();
    for (let at = 0; at < items.length; ) {
      const run = this.#at(items, at) ?? items.slice(at, this.#endOf(items, at));
      runs.set(items[at]!, run);
      at += run.length;
    }
    const [last] = this.#known;
    const isLast = last?.size === runs.size && [...runs].every(([first, run]) => last.get(first) === run);
    if (!isLast) this.#known = last ? [runs, last] : [runs];
    return [...runs.values()];
  }

  /** The known run that stands there, whole. */
  #at(items: readonly T[], at: number): readonly T[] | null {
    for (const runs of this.#known) {
      const run = runs.get(items[at]!);
      if (run && run.length <= items.length - at && run.every((item, i) => items[at + i] === item)) return run;
    }
    return null;
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
