import { type Diagnostic, show } from '../core/diagnostic.ts';
import { changesBetween } from '../core/journal.ts';
import type { Entry } from '../datastore/datastore.ts';
import { type Fault, INVALID, type Invalid } from './field.ts';

/** For keys whose current value is invalid, the last valid value. Lives in the ledger across restarts. */
export type LastGood = ReadonlyMap<string, string>;

/** How the value under one key becomes a typed object; `faults` collects what is wrong with it. */
export type DecodeValue<T> = (key: string, value: unknown, faults: Fault[]) => T | Invalid;

export interface DecodedEntries<T> {
  /** By key; without the keys that never were valid. */
  readonly values: ReadonlyMap<string, T>;
  readonly diagnostics: readonly Diagnostic[];
  readonly lastGood: LastGood;
  /** Keys whose value is invalid, and never was valid as far as is known. */
  readonly neverValid: readonly string[];
}

export interface EntriesOptions {
  /** False: an invalid value counts as absent, and nothing of the kind reaches the ledger. */
  readonly keepsLastGood?: boolean;
  /** The value is plain text, not JSON. */
  readonly isText?: boolean;
}

/** Parses JSON; an empty value is {} (old block affinities), anything unreadable a fault. */
function parseJson(text: string, faults: Fault[], shown: boolean): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    const message = `expected JSON${shown ? `, found ${show(text)}` : ''}`;
    faults.push({ severity: 'error', code: 'invalid-json', path: [], message });
    return INVALID;
  }
}

/** A megabyte of rubbish has a hundred thousand faults: more than this nobody reads, and no log should hold. */
const MAX_TOLD = 100;

/** The faults of one value that are told, errors before warnings; the last one says how many others there are. */
function toldOf(faults: readonly Fault[]): readonly Fault[] {
  if (faults.length <= MAX_TOLD) return faults;
  const isError = ({ severity }: Fault) => severity === 'error';
  const told = [...faults.filter(isError), ...faults.filter((fault) => !isError(fault))].slice(0, MAX_TOLD);
  const more = `; ${faults.length - MAX_TOLD} more faults of this value are not listed`;
  return told.map((fault, i) => (i === MAX_TOLD - 1 ? { ...fault, message: fault.message + more } : fault));
}

/** What is to be told of one key. */
interface Faulty {
  readonly diagnostics: readonly Diagnostic[];
  /** The text that stays in effect; null where there is none, undefined where the value itself is valid. */
  readonly lastGood: string | null | undefined;
}

const NONE: ReadonlyMap<string, Entry> = new Map();

/**
 * Decodes the entries under one prefix. The same Map gives the same result, and an Entry that was there the last time keeps its object,
 * so that one changed key among thousands costs one decode. A key whose value turned invalid keeps the last valid one that this decoder
 * saw, or else that `lastGood` (from the ledger) remembers; a key that never was valid counts as absent.
 */
export class EntriesDecoder<T> {
  readonly #decodeValue: DecodeValue<T>;
  readonly #options: EntriesOptions;
  readonly #valid: Map<string, string>;
  readonly #faulty = new Map<string, Faulty>();
  #entries: ReadonlyMap<string, Entry> = NONE;
  #result: DecodedEntries<T> = { values: new Map(), diagnostics: [], lastGood: new Map(), neverValid: [] };

  constructor(decodeValue: DecodeValue<T>, lastGood: LastGood, options: EntriesOptions = {}) {
    this.#decodeValue = decodeValue;
    this.#options = options;
    this.#valid = new Map(lastGood);
  }

  decode(entries: ReadonlyMap<string, Entry>): DecodedEntries<T> {
    if (this.#entries === entries) return this.#result;
    const before = this.#entries;
    const values = new Map(this.#result.values);
    const changed = changesBetween(before, entries) ?? new Set([...before.keys(), ...entries.keys()]);
    for (const key of changed) {
      const entry = entries.get(key);
      if (entry === undefined) this.#drop(key, values);
      else if (entry !== before.get(key)) this.#take(key, entry.value, values);
    }
    // Also what only the ledger knew, and the data do not hold.
    if (before === NONE) for (const key of this.#valid.keys()) if (!entries.has(key)) this.#valid.delete(key);
    this.#entries = entries;
    this.#result = { values, ...this.#told() };
    return this.#result;
  }

  #take(key: string, text: string, values: Map<string, T>): void {
    const { value, diagnostics } = this.#decoded(key, text);
    const lastGood = value === INVALID ? this.#keep(key, values) : undefined;
    if (diagnostics.length > 0 || value === INVALID) this.#faulty.set(key, { diagnostics, lastGood });
    else this.#faulty.delete(key);
    if (value === INVALID) return;
    if (this.#options.keepsLastGood !== false) this.#valid.set(key, text);
    values.set(key, value);
  }

  /** Leaves the last valid value in effect, and says which text that is. */
  #keep(key: string, values: Map<string, T>): string | null {
    const text = this.#valid.get(key);
    const good = text === undefined ? INVALID : (values.get(key) ?? this.#decoded(key, text).value);
    if (text === undefined || good === INVALID) {
      values.delete(key);
      return null;
    }
    values.set(key, good);
    return text;
  }

  #drop(key: string, values: Map<string, T>): void {
    values.delete(key);
    this.#valid.delete(key);
    this.#faulty.delete(key);
  }

  #told(): Omit<DecodedEntries<T>, 'values'> {
    const faulty = [...this.#faulty];
    return {
      diagnostics: faulty.flatMap(([, { diagnostics }]) => diagnostics),
      lastGood: new Map(
        faulty.flatMap(([key, { lastGood }]) => (typeof lastGood === 'string' ? [[key, lastGood]] : [])),
      ),
      neverValid: faulty.flatMap(([key, { lastGood }]) => (lastGood === null ? [key] : [])),
    };
  }

  #decoded(key: string, text: string): { readonly value: T | Invalid; readonly diagnostics: readonly Diagnostic[] } {
    const faults: Fault[] = [];
    const json = this.#options.isText ? text : parseJson(text, faults, this.#options.keepsLastGood !== false);
    const value: T | Invalid = json === INVALID ? INVALID : this.#decodeValue(key, json, faults);
    return { value, diagnostics: toldOf(faults).map((fault) => ({ ...fault, key })) };
  }
}
