import { resolve } from 'node:path';
import { show } from './core/diagnostic.ts';
import { UsageError } from './core/errors.ts';
import type { Given } from './given-options.ts';
import type { OptionName } from './option-table.ts';

/** Reads the given options one by one; a value that does not fit is refused with its name, where it came from, and what was expected. */
export class OptionReader {
  readonly #given: ReadonlyMap<OptionName, Given>;

  constructor(given: ReadonlyMap<OptionName, Given>) {
    this.#given = given;
  }

  all(name: OptionName): readonly string[] {
    return this.#given.get(name)?.values ?? [];
  }

  text(name: OptionName): string | null {
    return this.all(name).at(-1) ?? null;
  }

  path(name: OptionName): string | null {
    const text = this.text(name);
    return text === null ? null : resolve(text);
  }

  parsed<T>(name: OptionName, expected: string, parse: (text: string) => T | null, otherwise: T): T {
    const text = this.text(name);
    if (text === null) return otherwise;
    const value = parse(text);
    if (value === null)
      throw new UsageError(`${this.#given.get(name)?.from}: expected ${expected}, found ${show(text)}`);
    return value;
  }

  oneOf<const T extends string>(name: OptionName, words: readonly T[], otherwise: T): T {
    const parse = (text: string) => words.find((word) => word === text.toLowerCase()) ?? null;
    return this.parsed(name, words.join(' or '), parse, otherwise);
  }

  flag(name: OptionName): boolean {
    return this.parsed(name, 'true or false', (t) => (t === 'true' ? true : t === 'false' ? false : null), false);
  }
}
