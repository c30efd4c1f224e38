import type { Diagnostic } from '../core/diagnostic.ts';
import { digestOf } from '../core/digest.ts';
import type { Entry, Snapshot } from '../datastore/datastore.ts';
import type { LedgerRecord, WithheldValue } from '../host/ledger.ts';

/** By datastore key. */
export type WithheldValues = LedgerRecord['withheld'];

/** Those whose refused value still stands in the data; the others may be forgotten. */
export function stillWithheld(
  snapshot: Snapshot,
  prefixes: readonly string[],
  withheld: WithheldValues,
): WithheldValues {
  const stands = ([key, { value }]: [string, WithheldValue]) => {
    const entry = entryOf(snapshot, prefixes, key);
    return entry !== null && digestOf(entry.value) === value;
  };
  return Object.fromEntries(Object.entries(withheld).filter(stands));
}

/** The entry under a key, whatever prefix it is asked by; null where there is none. */
export function entryOf(snapshot: Snapshot, prefixes: readonly string[], key: string): Entry | null {
  const prefix = prefixes.find((each) => key.startsWith(each));
  return prefix === undefined ? null : (snapshot.entries(prefix).get(key) ?? null);
}

const views = new WeakMap<Snapshot, { readonly of: string; readonly view: Snapshot }>();

/** The data as they are in effect: a withheld key has the value before, or is absent. The same arguments give the same Snapshot. */
export function inEffect(snapshot: Snapshot, withheld: WithheldValues): Snapshot {
  const keys = Object.keys(withheld);
  if (keys.length === 0) return snapshot;
  const of = JSON.stringify(withheld);
  const known = views.get(snapshot);
  if (known?.of === of) return known.view;
  const maps = new Map<string, ReadonlyMap<string, Entry>>();
  const entries = (prefix: string) => {
    const map = maps.get(prefix) ?? replaced(snapshot.entries(prefix), prefix, withheld);
    maps.set(prefix, map);
    return map;
  };
  const view = { ...snapshot, entries };
  views.set(snapshot, { of, view });
  return view;
}

function replaced(
  entries: ReadonlyMap<string, Entry>,
  prefix: string,
  withheld: WithheldValues,
): ReadonlyMap<string, Entry> {
  const mine = Object.entries(withheld).filter(([key]) => key.startsWith(prefix));
  if (mine.length === 0) return entries;
  const copy = new Map(entries);
  for (const [key, { before }] of mine) {
    const now = entries.get(key);
    if (before === null) copy.delete(key);
    else if (now) copy.set(key, { value: before, version: `before ${now.version}`, origin: now.origin });
  }
  return copy;
}

/** An error each, for the keys whose value is not in effect. */
export const withheldDiagnostics = (withheld: WithheldValues): readonly Diagnostic[] =>
  Object.entries(withheld).map(([key, { before, why }]) => {
    const effect = before === null ? 'it counts as absent' : 'the value before stays in effect';
    return { severity: 'error', code: 'refused-by-bird', key, path: [], message: `${why}; ${effect}` };
  });
