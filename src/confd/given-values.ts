import { show } from '../core/diagnostic.ts';
import { UsageError } from '../core/errors.ts';
import { parseTime } from '../core/time-span.ts';
import { CONFD_OPTIONS, type ConfdOption, type ConfdOptionName, confdVariable, plainName } from './options.ts';
import { type ParsedFlags, truth } from './parse-flags.ts';

/** The part of the environment that is read here. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Given {
  readonly values: readonly string[];
  readonly from: string;
}

/** A TOML value as the texts that a flag would have; null for what no flag can say. */
function textsOf(value: unknown): readonly string[] | null {
  if (Array.isArray(value)) {
    const texts = value.map(textsOf);
    return texts.every((text) => text !== null) ? texts.flat() : null;
  }
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value) ? [String(value)] : null;
}

const listed = (option: ConfdOption, values: readonly string[]): readonly string[] =>
  option.kind === 'many' ? values.flatMap((value) => value.split(',').map((part) => part.trim())) : values;

/**
 * What was given for each of confd's options, from the first place that has it: flag, environment, confd.toml. Every value is checked
 * when it is asked for, and a UsageError names where it stood.
 */
export class GivenValues {
  readonly #given = new Map<ConfdOptionName, Given>();
  /** Keys of confd.toml that mean nothing, as they are written there. */
  readonly unknown: readonly string[];

  constructor(flags: ParsedFlags, environment: Environment, file: Readonly<Record<string, unknown>>, path: string) {
    const inFile = new Map(Object.entries(file).map(([key, value]) => [plainName(key), { key, value }]));
    const known = new Set<string>();
    for (const option of CONFD_OPTIONS as readonly (ConfdOption & { readonly name: ConfdOptionName })[]) {
      const names = [option.name, ...(option.file ? [option.file] : [])].map(plainName);
      for (const name of names) known.add(name);
      const flag = flags.values.get(option.name);
      const variable = confdVariable(option);
      const inEnvironment = environment[variable];
      const found = names.map((name) => inFile.get(name)).find((one) => one !== undefined);
      const texts = found && textsOf(found.value);
      if (found && !texts && !flag && !inEnvironment)
        throw new UsageError(`${path}: ${found.key}: expected a text, a number or a list, found ${show(found.value)}`);
      if (flag) this.#given.set(option.name, { values: flag, from: `-${option.name}` });
      else if (inEnvironment) this.#given.set(option.name, { values: listed(option, [inEnvironment]), from: variable });
      else if (found && texts) this.#given.set(option.name, { values: texts, from: `${path}: ${found.key}` });
    }
    this.unknown = [...inFile].filter(([plain]) => !known.has(plain)).map(([, { key }]) => key);
  }

  all(name: ConfdOptionName): readonly string[] {
    return (this.#given.get(name)?.values ?? []).filter((value) => value !== '');
  }

  /** An empty text counts as none, as in confd. */
  text(name: ConfdOptionName): string | null {
    return this.all(name).at(-1) ?? null;
  }

  flag(name: ConfdOptionName): boolean {
    return this.#parsed(name, 'true or false', truth, false);
  }

  /** A whole number from 1 on. */
  count(name: ConfdOptionName, otherwise: number): number {
    const parse = (text: string) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : null);
    return this.#parsed(name, 'a number from 1 on', parse, otherwise);
  }

  /** Milliseconds; a bare number is seconds. */
  time(name: ConfdOptionName, otherwise: number): number {
    return this.#parsed(name, 'a time such as 30s or 5m', parseTime, otherwise);
  }

  oneOf<const T extends string>(name: ConfdOptionName, words: readonly T[], otherwise: T): T {
    return this.#parsed(name, words.join(' or '), (text) => words.find((word) => word === text) ?? null, otherwise);
  }

  #parsed<T>(name: ConfdOptionName, expected: string, parse: (text: string) => T | null, otherwise: T): T {
    const text = this.text(name);
    if (text === null) return otherwise;
    const value = parse(text);
    if (value !== null) return value;
    throw new UsageError(`${this.#given.get(name)?.from}: expected ${expected}, found ${show(text)}`);
  }
}
