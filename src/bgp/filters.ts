import { createHash } from 'node:crypto';
import type { Family } from '../core/ip-address.ts';
import { resourceKey, resourceName } from '../core/keys.ts';
import type { LiveConfiguration, LiveFunction } from '../core/live-configuration.ts';
import { byBytesOf } from '../core/order.ts';
import type { BgpFilter, FilterDirection, FilterRule } from '../datamodel/bgp-filter.ts';
import type { DecodedResources } from '../datamodel/resources.ts';
import { isResourceName } from '../datamodel/values.ts';

/** One direction of a BGPFilter in one family. Plain data: what the filter template sees. */
export interface FilterFunction {
  /** The function's name, to be written in single quotes. */
  readonly symbol: string;
  /** Some rule asks for the peer's type, so the function is told whether the peer is internal. */
  readonly takesPeerType: boolean;
  readonly rules: readonly FilterRule[];
  /** The whole function as it stands in the live file, where it can only be kept: there are no rules then. */
  readonly live: string | null;
  readonly origins: readonly string[];
}

/** A call of a FilterFunction from a peer's filter. */
export interface FilterCall {
  readonly symbol: string;
  readonly hasArgument: boolean;
  /** What it is told of the peer; null = it takes no argument. */
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

/** What one BGPFilter is in one family; a direction without rules has no function. */
export interface FamilyFilter {
  readonly key: string;
  readonly name: string;
  readonly import: FilterFunction | null;
  readonly export: FilterFunction | null;
  /** `closed` and `kept` never were valid: one rejects everything, the other is as the live file has it. */
  readonly state: 'valid' | 'closed' | 'kept';
}

/** By datastore key, every BGPFilter that a peer can name, in one family. */
export type Filters = ReadonlyMap<string, FamilyFilter>;

const REJECT: FilterRule = { conditions: [], peerType: null, operations: [], action: 'reject' };

const bothWays = <T>(of: (direction: FilterDirection) => T) => ({ import: of('import'), export: of('export') });

const symbolOf = (name: string, direction: FilterDirection, family: Family): string =>
  `bgp_${shortName(name)}_${direction}FilterV${family}`;

/** By the rules or the live function, which stay the same object while nothing changes: so an unchanged function keeps its text. */
const known = new WeakMap<object, FilterFunction>();

function remembered(source: object, make: () => FilterFunction): FilterFunction {
  const found = known.get(source) ?? make();
  known.set(source, found);
  return found;
}

const fromRules = (symbol: string, rules: readonly FilterRule[], key: string): FilterFunction | null =>
  rules.length === 0
    ? null
    : remembered(rules, () => ({
        symbol,
        takesPeerType: rules.some((rule) => rule.peerType !== null),
        rules,
        live: null,
        origins: [key],
      }));

const fromLive = (symbol: string, found: LiveFunction | null, key: string): FilterFunction | null =>
  found &&
  remembered(found, () => ({
    symbol,
    takesPeerType: found.takesPeerType,
    rules: [],
    live: found.text,
    origins: [key],
  }));

const validFilter = ({ key, name, rules }: BgpFilter, family: Family): FamilyFilter => ({
  key,
  name,
  ...bothWays((way) => fromRules(symbolOf(name, way, family), rules[`${way}V${family}`], key)),
  state: 'valid',
});

/**
 * Stands for a filter that never was valid. Where the live file has functions of it, these stay: they are what held something back so
 * far. Else nothing passes what was meant to (architecture 3); two functions that only reject are our own from an earlier pass.
 */
function invalidFilter(key: string, name: string, family: Family, live: LiveConfiguration | null): FamilyFilter {
  const found = bothWays((way) => live?.filterFunction(symbolOf(name, way, family)) ?? null);
  const isClosed = found.import?.rejectsAll && found.export?.rejectsAll;
  if ((found.import || found.export) && !isClosed) {
    return { key, name, ...bothWays((way) => fromLive(symbolOf(name, way, family), found[way], key)), state: 'kept' };
  }
  return { key, name, ...bothWays((way) => fromRules(symbolOf(name, way, family), [REJECT], key)), state: 'closed' };
}

/** The BGPFilters of one family, those that are there but never were valid among them, in the order of their names. */
export function filtersOf(
  { resources, neverValid }: Pick<DecodedResources, 'resources' | 'neverValid'>,
  family: Family,
  live: LiveConfiguration | null,
): Filters {
  const valid = [...resources.bgpFilters.values()].map((filter) => validFilter(filter, family));
  const invalid = [...neverValid].flatMap((key): readonly FamilyFilter[] => {
    const name =
      key === resourceKey('BGPFilter', key.slice(key.lastIndexOf('/') + 1)) && resourceName('BGPFilter', key);
    return name && isResourceName(name) ? [invalidFilter(key, name, family, live)] : [];
  });
  return new Map([...valid, ...invalid].sort(byBytesOf(({ name }) => name)).map((filter) => [filter.key, filter]));
}

/** The functions of all BGPFilters: in the order of their names, import before export. */
export const filterFunctions = (filters: Filters): readonly FilterFunction[] =>
  [...filters.values()].flatMap((filter) => [filter.import, filter.export]).filter((each) => each !== null);

/** What a peer calls for its filters, in their order. A filter without rules for the direction and family is not called. */
export const filterCalls = (
  filters: readonly FamilyFilter[],
  direction: FilterDirection,
  internal: boolean,
): readonly FilterCall[] =>
  filters
    .map((filter) => filter[direction])
    .filter((found) => found !== null)
    .map(({ symbol, takesPeerType: hasArgument }) => ({
      symbol,
      hasArgument,
      internal: hasArgument ? internal : null,
    }));
