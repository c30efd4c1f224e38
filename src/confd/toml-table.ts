import { type Diagnostic, show } from '../core/diagnostic.ts';
import { nearest } from '../core/nearest.ts';
import { parseTime } from '../core/time-span.ts';
import { plainName } from './options.ts';

/** A value of one kind, or null for what is none. */
type Parse<T> = (value: unknown) => T | null;

const asText: Parse<string> = (value) => (typeof value === 'string' ? value : null);
const asTexts: Parse<readonly string[]> = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
const asCount: Parse<number> = (value) => (Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null);
const asFlag: Parse<boolean> = (value) => (typeof value === 'boolean' ? value : null);

/** `30s`, `5m`, or a number of seconds. */
const asTime: Parse<number> = (value) =>
  typeof value === 'number' && value >= 0 ? value * 1000 : typeof value === 'string' ? parseTime(value) : null;

/** A table as it is, for what is looked into by its own names. */
const asTable: Parse<Readonly<Record<string, unknown>>> = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
    ? (value as Readonly<Record<string, unknown>>)
    : null;

/**
 * One table of a TOML file, read key by key; `_` and `-`, upper and lower case are alike. A value that does not fit is an error in
 * `diagnostics`, and counts as absent; keys that nobody asked for are warnings, once `unknown` is called. An empty text counts as absent.
 */
export class TomlTable {
  readonly #values: ReadonlyMap<string, { readonly key: string; readonly value: unknown }>;
  readonly #asked = new Map<string, string>();
  readonly #file: string;
  readonly #path: readonly string[];
  readonly diagnostics: Diagnostic[];

  constructor(
    table: Readonly<Record<string, unknown>>,
    file: string,
    path: readonly string[],
    diagnostics: Diagnostic[] = [],
  ) {
    this.#values = new Map(Object.entries(table).map(([key, value]) => [plainName(key), { key, value }]));
    this.#file = file;
    this.#path = path;
    this.diagnostics = diagnostics;
  }

  text = (name: string): string | null => this.#read(name, 'a text', asText) || null;
  texts = (name: string): readonly string[] => this.#read(name, 'a list of texts', asTexts) ?? [];
  count = (name: string): number | null => this.#read(name, 'a whole number', asCount);
  flag = (name: string): boolean | null => this.#read(name, 'true or false', asFlag);
  time = (name: string): number | null => this.#read(name, 'a time such as 30s or 5m', asTime);

  oneOf<const T extends string>(name: string, words: readonly T[]): T | null {
    return this.#read(name, words.join(', '), (value) => words.find((word) => word === value) ?? null);
  }

  /** Any value, for one that may be of more kinds than one. */
  any(name: string): unknown {
    this.#asked.set(plainName(name), name);
    return this.#values.get(plainName(name))?.value;
  }

  /** A table within, empty where it is absent; its diagnostics come here too. */
  table(name: string): TomlTable {
    const within = this.#read(name, 'a table', asTable) ?? {};
    return new TomlTable(within, this.#file, [...this.#path, name], this.diagnostics);
  }

  fault(name: string, message: string): void {
    this.diagnostics.push({ severity: 'error', code: 'invalid-value', key: this.#file, path: this.#at(name), message });
  }

  /** Warns of every key that was not asked for. */
  unknown(): void {
    for (const [plain, { key }] of this.#values) {
      if (this.#asked.has(plain)) continue;
      const [near] = nearest(key, this.#asked.values(), 1);
      const message = `nobody knows this key${near === undefined ? '' : `: is it ${near}?`}`;
      const path = [...this.#path, key];
      this.diagnostics.push({ severity: 'warning', code: 'unknown-field', key: this.#file, path, message });
    }
  }

  #at = (name: string): readonly string[] => [...this.#path, this.#values.get(plainName(name))?.key ?? name];

  #read<T>(name: string, expected: string, parse: Parse<T>): T | null {
    const value = this.any(name);
    if (value === undefined) return null;
    const parsed = parse(value);
    if (parsed === null) this.fault(name, `expected ${expected}, found ${show(value)}`);
    return parsed;
  }
}
