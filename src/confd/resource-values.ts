import type { Entry, Snapshot } from '../datastore/datastore.ts';
import { joinPath } from './functions/go-path.ts';
import type { TemplateResource } from './resource.ts';

/** How a backend's keys follow from those of conf.d. */
export interface KeyRules {
  /** `segment`: `/app` covers itself and what is below `/app/` (etcd); `text`: everything that begins so, `/apple` too. */
  readonly covers: 'segment' | 'text';
  /** The form in which the backend has a key that conf.d names. */
  readonly asked: (key: string) => string;
}

/** The prefixes to ask a datastore for, none of which lies within another. */
export function prefixesOf(resources: readonly TemplateResource[], { asked }: KeyRules): readonly string[] {
  const all = [...new Set(resources.flatMap(({ keys }) => keys.map(asked)))].sort();
  return all.filter((prefix) => !all.some((other) => other !== prefix && prefix.startsWith(other)));
}

const isBelow = (key: string, asked: string): boolean =>
  key === asked || key.startsWith(asked.endsWith('/') ? asked : `${asked}/`);

/** What one resource sees: its keys without the prefix, and the entries that they come from. */
export interface ResourceValues {
  readonly values: ReadonlyMap<string, string>;
  readonly entries: ReadonlyMap<string, Entry>;
}

const isSame = (one: ReadonlyMap<string, Entry>, other: ReadonlyMap<string, Entry>): boolean =>
  one.size === other.size && [...one].every(([key, entry]) => other.get(key) === entry);

/** Reads a resource's keys out of snapshots; the same object as long as nothing that it might see has changed. */
export function valuesReader(
  resource: TemplateResource,
  rules: KeyRules,
  prefixes: readonly string[],
): (snapshot: Snapshot) => ResourceValues {
  const asked = resource.keys.map(rules.asked);
  const sources = prefixes.filter((prefix) => asked.some((key) => key.startsWith(prefix)));
  const covers = rules.covers === 'segment' ? isBelow : (key: string, one: string) => key.startsWith(one);
  const cut = rules.asked(resource.prefix);
  let last: readonly ReadonlyMap<string, Entry>[] = [];
  let read: ResourceValues | null = null;
  return (snapshot) => {
    const maps = sources.map((prefix) => snapshot.entries(prefix));
    if (read && maps.every((map, i) => map === last[i])) return read;
    const entries = maps.flatMap((map) => [...map]).filter(([key]) => asked.some((one) => covers(key, one)));
    const seen = ([key, entry]: readonly [string, Entry]) =>
      [joinPath('/', key.startsWith(cut) ? key.slice(cut.length) : key), entry] as const;
    const named = new Map(entries.map(seen));
    last = maps;
    // One prefix may hold the keys of many resources: who sees none of what changed is not rendered again.
    if (read && isSame(named, read.entries)) return read;
    read = { entries: named, values: new Map([...named].map(([key, { value }]) => [key, value])) };
    return read;
  };
}
