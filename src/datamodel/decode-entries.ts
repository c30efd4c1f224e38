import { type Diagnostic, show } from '../core/diagnostic.ts';
import type { Entry } from '../datastore/datastore.ts';
import { type Fault, INVALID, type Invalid } from './field.ts';

/** For keys whose current value is invalid, the last valid value. Lives in the ledger across restarts. */
export type LastGood = ReadonlyMap<string, string>;

/** How the value under one key becomes a typed object; `faults` collects what is wrong with it. */
export type DecodeValue<T> = (key: string, value: unknown, faults: Fault[]) => T | Invalid;

interface DecodedEntry<T> {
  readonly value: T | Invalid;
  readonly diagnostics: readonly Diagnostic[];
}

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

/**
 * Decodes the entries under one prefix. The same Map gives the same result, and the same Entry the same object, so that one
 * changed key among thousands costs one decode. A key whose value turned invalid keeps the last valid one that this decoder
 * saw, or else that `lastGood` (from the ledger) remembers; a key that never was valid counts as absent.
 */
export class EntriesDecoder<T> {
  readonly #decodeValue: DecodeValue<T>;
  readonly #options: EntriesOptions;
  readonly #decoded = new WeakMap<Entry, DecodedEntry<T>>();
  readonly #valid: Map<string, Entry>;
  #last: { readonly entries: ReadonlyMap<string, Entry>; readonly result: DecodedEntries<T> } | null = null;

  constructor(decodeValue: DecodeValue<T>, lastGood: LastGood, options: EntriesOptions = {}) {
    this.#decodeValue = decodeValue;
    this.#options = options;
    this.#valid = new Map(
      [...lastGood].map(([key, value]) => [key, { value, version: 'last-good', origin: 'ledger' }]),
    );
  }

  decode(entries: ReadonlyMap<string, Entry>): DecodedEntries<T> {
    if (this.#last?.entries === entries) return this.#last.result;
    const values = new Map<string, T>();
    const diagnostics: (readonly Diagnostic[])[] = [];
    const lastGood = new Map<string, string>();
    const neverValid: string[] = [];
    for (const [key, entry] of entries) {
      const now = this.#decodeEntry(key, entry);
      diagnostics.push(now.diagnostics);
      if (now.value !== INVALID) {
        if (this.#options.keepsLastGood !== false) this.#valid.set(key, entry);
        values.set(key, now.value);
        continue;
      }
      const before = this.#valid.get(key);
      const good = before ? this.#decodeEntry(key, before).value : INVALID;
      if (before && good !== INVALID) {
        values.set(key, good);
        lastGood.set(key, before.value);
      } else neverValid.push(key);
    }
    for (const key of this.#valid.keys()) if (!entries.has(key)) this.#valid.delete(key);
    this.#last = { entries, result: { values, diagnostics: diagnostics.flat(), lastGood, neverValid } };
    return this.#last.result;
  }

  #decodeEntry(key: string, entry: Entry): DecodedEntry<T> {
    const known = this.#decoded.get(entry);
    if (known) return known;
    const faults: Fault[] = [];
    const json = this.#options.isText
      ? entry.value
      : parseJson(entry.value, faults, this.#options.keepsLastGood !== false);
    const value: T | Invalid = json === INVALID ? INVALID : this.#decodeValue(key, json, faults);
    const decoded: DecodedEntry<T> = { value, diagnostics: toldOf(faults).map((fault) => ({ ...fault, key })) };
    this.#decoded.set(entry, decoded);
    return decoded;
  }
}
