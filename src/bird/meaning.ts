import { byBytes } from '../core/order.ts';
import { type Configuration, type Protocol, readConfiguration } from './protocols.ts';

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
  if (before.type !== after.type) return true;
  if (after.type === 'bgp' && routerIdChanges) return true;
  return after.type !== 'static' && after.type !== 'device' && !same(before.options, after.options);
}

function compare(before: Configuration, after: Configuration): Meaning {
  const routerIdChanges = before.routerId !== after.routerId;
  const names = (of: (name: string) => boolean, all: Iterable<string>) => [...all].filter(of).sort(byBytes);
  const both = names((name) => before.protocols.has(name), after.protocols.keys());
  const pair = (name: string): [Protocol, Protocol] => [before.protocols.get(name)!, after.protocols.get(name)!];
  const restarted = both.filter((name) => restarts(...pair(name), routerIdChanges));
  const refiltered = both.filter((name) => {
    const [old, now] = pair(name);
    return !restarted.includes(name) && !same(old.filters, now.filters);
  });
  return {
    added: names((name) => !before.protocols.has(name), after.protocols.keys()),
    removed: names((name) => !after.protocols.has(name), before.protocols.keys()),
    restarted,
    refiltered,
    reimported: refiltered.filter((name) => {
      const [old, now] = pair(name);
      return !same(old.imports, now.imports);
    }),
    needsRestart: before.listen !== after.listen,
  };
}

/** What the change from one configuration text to another means; includes must stand in their place. Pure, never throws. */
export const meaningOf = (before: string, after: string): Meaning =>
  before === after
    ? { added: [], removed: [], restarted: [], refiltered: [], reimported: [], needsRestart: false }
    : compare(readConfiguration(before), readConfiguration(after));
