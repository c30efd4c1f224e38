/** Which unit writes which file: two of them at one file would write it in turn, for ever. */
export class TargetOwners {
  readonly #owners = new Map<string, string>();

  /** The unit that has the file; undefined: nobody. */
  ownerOf = (dest: string): string | undefined => this.#owners.get(dest);

  /** From now on the unit has these files, and no others: null. Where one is another's, or stands here twice: which, and nothing is changed. */
  take(unit: string, dests: readonly string[]): { readonly dest: string; readonly owner: string } | null {
    const mine = new Set<string>();
    for (const dest of dests) {
      const owner = this.#owners.get(dest) ?? unit;
      if (owner !== unit || mine.has(dest)) return { dest, owner };
      mine.add(dest);
    }
    for (const [dest, owner] of this.#owners) if (owner === unit) this.#owners.delete(dest);
    for (const dest of mine) this.#owners.set(dest, unit);
    return null;
  }
}
