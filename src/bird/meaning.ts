import { sortedByBytes } from '../core/order.ts';
import type { BirdText } from './pieces.ts';
import { byName, type Configuration, type Protocol, readConfiguration } from './protocols.ts';

/** What BIRD 1.6 does with each protocol when it goes from one configuration to another (spec bird.md, 3). Names sorted by bytes. */
export interface Meaning {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Sessions that go down and come up again; for other protocols, their routes go and come. */
  readonly restarted: readonly string[];
  /** Up all the while: routes are filtered again. */
  readonly refiltered: readonly string[];
  /** Those of them whose import side changed: what they learned may all be filtered out, or get another preference. */
  readonly reimported: readonly string[];
  /** The listening socket changes, which BIRD takes only when it starts, although it says that it is reconfigured. */
  readonly needsRestart: boolean;
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each, i) => each === b[i]);

/** Static routes come and go in place; everything else that BIRD compares as a whole starts again. */
function restarts(before: Protocol, after: Protocol, routerIdChanges: boolean): boolean {
  if (before === after) return after.type === 'bgp' && routerIdChanges;
  if (before.type !== after.type) return true;
  if (after.type === 'bgp' && routerIdChanges) return true;
  return after.type !== 'static' && after.type !== 'device' && !same(before.options, after.options);
}

/** The protocols of either that do not stand in one and the same piece of both. */
function differing({ groups: before }: Configuration, { groups: after }: Configuration) {
  const [was, is] = [new Set(before), new Set(after)];
  return [byName(before.filter((group) => !is.has(group))), byName(after.filter((group) => !was.has(group)))] as const;
}

/** Nothing ran before. Whether thousands of names are wanted, and sorted, turns out later. */
function allAdded(after: Configuration, needsRestart: boolean): Meaning {
  let added: readonly string[] | null = null;
  return {
    get added() {
      added ??= sortedByBytes([...after.protocols.keys()], (name) => name);
      return added;
    },
    ...{ removed: [], restarted: [], refiltered: [], reimported: [], needsRestart },
  };
}

function compare(before: Configuration, after: Configuration): Meaning {
  const needsRestart = before.listen !== after.listen;
  if (before.groups.every((group) => group.length === 0)) return allAdded(after, needsRestart);
  const routerIdChanges = before.routerId !== after.routerId;
  const added: string[] = [];
  const restarted: string[] = [];
  const refiltered: string[] = [];
  const reimported: string[] = [];
  const [was, is] = routerIdChanges ? [before.protocols, after.protocols] : differing(before, after);
  for (const [name, now] of is) {
    const old = was.get(name);
    if (!old) added.push(name);
    else if (restarts(old, now, routerIdChanges)) restarted.push(name);
    else if (old !== now && !same(old.filters, now.filters)) {
      refiltered.push(name);
      if (!same(old.imports, now.imports)) reimported.push(name);
    }
  }
  const removed = [...was.keys()].filter((name) => !is.has(name));
  const sorted = (names: readonly string[]) => sortedByBytes(names, (name) => name);
  return {
    added: sorted(added),
    removed: sorted(removed),
    restarted: sorted(restarted),
    refiltered: sorted(refiltered),
    reimported: sorted(reimported),
    needsRestart,
  };
}

/** What was found of a configuration last, and from which one. */
const meanings = new WeakMap<Configuration, { readonly before: Configuration; readonly meaning: Meaning }>();

/** What the change from one configuration to another means. Pure, never throws. */
export function meaningOf(before: BirdText, after: BirdText): Meaning {
  if (before === after)
    return { added: [], removed: [], restarted: [], refiltered: [], reimported: [], needsRestart: false };
  const [was, is] = [readConfiguration(before), readConfiguration(after)];
  const known = meanings.get(is);
  if (known?.before === was) return known.meaning;
  const meaning = compare(was, is);
  meanings.set(is, { before: was, meaning });
  return meaning;
}
