import { createHash } from 'node:crypto';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Family } from '../core/ip-address.ts';
import { resourceKey, resourceName } from '../core/keys.ts';
import { byBytes, byBytesOf } from '../core/order.ts';
import type { BgpFilter, FilterDirection, FilterRule } from '../datamodel/bgp-filter.ts';
import type { BgpPeer } from '../datamodel/bgp-peer.ts';
import type { DecodedResources } from '../datamodel/resources.ts';
import { isResourceName } from '../datamodel/values.ts';

/** One direction of a BGPFilter in one family. Plain data: what the filter template sees. */
export interface FilterFunction {
  /** The function's name, to be written in single quotes. */
  readonly symbol: string;
  /** Some rule asks for the peer's type, so the function is told whether the peer is internal. */
  readonly takesPeerType: boolean;
  readonly rules: readonly FilterRule[];
  readonly origins: readonly string[];
}

/** A call of a FilterFunction from a peer's filter. */
export interface FilterCall {
  readonly symbol: string;
  /** What it is told of the peer; null = it takes nothing. */
  readonly internal: boolean | null;
}

/** BIRD symbols have 64 characters at most, and ours spend 19 around the name. */
const LONGEST_NAME = 45;
const LOOKS_SHORTENED = /^.{28}_[0-9A-F]{16}$/;

/** A BGPFilter's name as part of a symbol: longer ones are cut and end in a hash of the whole (spec calico-v3, 5.1). */
export function shortName(name: string): string {
  // A name may also look like another one's short form; two functions of one name are what BIRD refuses.
  if (name.length <= LONGEST_NAME && !LOOKS_SHORTENED.test(name)) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16).toUpperCase();
  return `${name.slice(0, 28)}_${hash}`;
}

/** By datastore key, every BGPFilter that a peer can name. */
export type Filters = ReadonlyMap<string, BgpFilter>;

const REJECT: FilterRule = { conditions: [], peerType: null, operations: [], action: 'reject' };

/** Stands for a filter that never was valid: nothing passes what was meant to hold something back (architecture 3). */
const closed = (key: string, name: string): BgpFilter => ({
  key,
  name,
  rules: { importV4: [REJECT], exportV4: [REJECT], importV6: [REJECT], exportV6: [REJECT] },
});

/** The BGPFilters; one that is there but never was valid rejects everything, in both directions and families. */
export function filtersOf({ resources, neverValid }: Pick<DecodedResources, 'resources' | 'neverValid'>): Filters {
  const shut = [...neverValid].flatMap((key): readonly BgpFilter[] => {
    const name =
      key === resourceKey('BGPFilter', key.slice(key.lastIndexOf('/') + 1)) && resourceName('BGPFilter', key);
    return name && isResourceName(name) ? [closed(key, name)] : [];
  });
  return new Map([...resources.bgpFilters, ...shut.map((filter) => [filter.key, filter] as const)]);
}

/** What is wrong with the filters that `peers` name: one that does not exist has no effect, one that never was valid rejects everything. */
export function filterFaults(
  peers: Iterable<BgpPeer>,
  filters: Filters,
  neverValid: ReadonlySet<string>,
): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const shut = new Map<string, Set<string>>();
  for (const { key, name, filters: named } of new Set(peers)) {
    for (const [i, filter] of named.entries()) {
      const filterKey = resourceKey('BGPFilter', filter);
      if (neverValid.has(filterKey)) shut.set(filterKey, (shut.get(filterKey) ?? new Set()).add(name));
      if (filters.has(filterKey)) continue;
      const message = `there is no BGPFilter "${filter}": the peer does without`;
      diagnostics.push({ severity: 'warning', code: 'unknown-filter', key, path: ['spec', 'filters', i], message });
    }
  }
  for (const [key, names] of shut) {
    const affected = [...names].sort(byBytes).join(', ');
    const message = `this filter never was valid, so it rejects every route to and from the peers that name it: BGPPeer ${affected}`;
    diagnostics.push({ severity: 'error', code: 'filter-invalid', key, path: [], message });
  }
  return diagnostics;
}

/** By the rules, which stay the same object while their BGPFilter does: so an unchanged filter keeps its text. */
const known = new WeakMap<readonly FilterRule[], FilterFunction>();

function functionOf(filter: BgpFilter, direction: FilterDirection, family: Family): FilterFunction | null {
  const rules = filter.rules[`${direction}V${family}`];
  if (rules.length === 0) return null;
  const found: FilterFunction = known.get(rules) ?? {
    symbol: `bgp_${shortName(filter.name)}_${direction}FilterV${family}`,
    takesPeerType: rules.some((rule) => rule.peerType !== null),
    rules,
    origins: [filter.key],
  };
  known.set(rules, found);
  return found;
}

/** The functions of all BGPFilters in one family: in the order of their names, import before export. */
export const filterFunctions = (filters: Iterable<BgpFilter>, family: Family): readonly FilterFunction[] =>
  [...filters]
    .sort(byBytesOf((filter) => filter.name))
    .flatMap((filter) => [functionOf(filter, 'import', family), functionOf(filter, 'export', family)])
    .filter((each) => each !== null);

/** What a peer calls for its filters, in their order. A filter without rules for the direction and family is not called. */
export const filterCalls = (
  filters: readonly BgpFilter[],
  direction: FilterDirection,
  family: Family,
  internal: boolean,
): readonly FilterCall[] =>
  filters
    .map((filter) => functionOf(filter, direction, family))
    .filter((found) => found !== null)
    .map(({ symbol, takesPeerType }) => ({ symbol, internal: takesPeerType ? internal : null }));
