/** Of more changes than this a look at every entry tells as fast. */
const KEPT = 256;

interface Mark {
  readonly journal: Journal;
  /** How many changes there had been. */
  readonly at: number;
}

const marks = new WeakMap<ReadonlyMap<string, unknown>, Mark>();

/**
 * Tells two Maps of thousands of entries apart without a look at each. It belongs to whoever hands out Maps of which each is a copy of the
 * one before with some changes: that one notes every key that it sets or deletes, and marks a Map before it is handed out. It keeps the last
 * few hundred keys, and no Map alive.
 */
export class Journal {
  #keys: readonly string[] = [];
  readonly #newest: string[] = [];
  /** How many keys came before those that are kept. */
  #gone = 0;

  note(key: string): void {
    this.#newest.push(key);
    if (this.#newest.length < KEPT) return;
    this.#gone += this.#keys.length;
    this.#keys = this.#newest.splice(0);
  }

  /** From now on `map` does not change: what it holds is what was noted until now. */
  mark(map: ReadonlyMap<string, unknown>): void {
    marks.set(map, { journal: this, at: this.#gone + this.#keys.length + this.#newest.length });
  }

  /** The keys noted from the change `from` on and before the change `to`; null where they are not kept any more. */
  noted(from: number, to: number): ReadonlySet<string> | null {
    if (from < this.#gone || to < from) return null;
    return new Set([...this.#keys, ...this.#newest].slice(from - this.#gone, to - this.#gone));
  }
}

/** The keys of all entries in which `after` may differ from `before`, an earlier Map; null where only a look at each entry tells. */
export function changesBetween(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): ReadonlySet<string> | null {
  const [from, to] = [marks.get(before), marks.get(after)];
  return from && to && from.journal === to.journal ? to.journal.noted(from.at, to.at) : null;
}
