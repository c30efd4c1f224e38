import type { Family } from '../core/ip-address.ts';
import { envelope } from './envelope.ts';
import {
  type Field,
  type FieldType,
  INVALID,
  integer,
  list,
  oneOf,
  optional,
  record,
  text,
  unlessEmpty,
} from './field.ts';
import { type AsNumber, asNumber, communityValue, interfacePattern, ruleCidr, type TypedCidr } from './values.ts';

/** One condition of a rule, in the order in which they are stated (spec calico-v3, 5.3). */
export type FilterCondition =
  | {
      readonly kind: 'net';
      readonly operator: MatchOperator;
      readonly cidr: string;
      readonly lengths: PrefixLengths | null;
    }
  | { readonly kind: 'remote-peers' }
  | { readonly kind: 'interface'; readonly pattern: string }
  | { readonly kind: 'community'; readonly parts: readonly number[] }
  | { readonly kind: 'as-path'; readonly prefix: readonly AsNumber[] }
  | { readonly kind: 'priority'; readonly priority: number };

export type FilterOperation =
  | { readonly kind: 'add-community'; readonly parts: readonly number[] }
  /** In the order in which BIRD must prepend, the path's first number last. */
  | { readonly kind: 'prepend'; readonly numbers: readonly AsNumber[] }
  | { readonly kind: 'set-priority'; readonly priority: number };

export type MatchOperator = 'Equal' | 'NotEqual' | 'In' | 'NotIn';

export interface PrefixLengths {
  readonly min: number;
  readonly max: number;
}

/** A rule of one direction and family. `peerType` "other" is a word that Calico does not know: the rule is not guarded. */
export interface FilterRule {
  readonly conditions: readonly FilterCondition[];
  readonly peerType: 'eBGP' | 'iBGP' | 'other' | null;
  readonly operations: readonly FilterOperation[];
  readonly action: 'accept' | 'reject';
}

export type FilterDirection = 'import' | 'export';

/** A BGPFilter: for each direction and family its rules in order. */
export interface BgpFilter {
  readonly key: string;
  readonly name: string;
  readonly rules: Readonly<Record<`${FilterDirection}V${Family}`, readonly FilterRule[]>>;
}

/** BIRD 1.6 reads a path mask of some ten thousand numbers at most, and refuses the file for a longer one; no path is as long as this. */
const LONGEST_PATH = 255;

const asPathNumbers = list(asNumber);
const asPathPrefix: Field<readonly AsNumber[]> = {
  shape: asPathNumbers.shape,
  decode: (value, faults) => {
    const numbers = asPathNumbers.decode(value, faults);
    if (numbers === INVALID || numbers.length <= LONGEST_PATH) return numbers;
    const message = `expected at most ${LONGEST_PATH} AS numbers, found ${numbers.length}`;
    faults.push({ severity: 'error', code: 'invalid-value', path: [], message });
    return INVALID;
  },
};

/** M of Calico's metric arithmetic bounds priorities (spec 3.1). */
const priority = integer(1, 2147483646);

const peerTypeWord = text('"eBGP" or "iBGP"', (value) => value);
const peerType: Field<'eBGP' | 'iBGP' | 'other'> = {
  shape: peerTypeWord.shape,
  decode: (value, faults) => {
    const word = peerTypeWord.decode(value, faults);
    if (word === INVALID || word === 'eBGP' || word === 'iBGP') return word;
    const message = 'expected "eBGP" or "iBGP": the rule applies to every peer';
    faults.push({ severity: 'warning', code: 'unknown-word', path: [], message });
    return 'other';
  },
};

const operationFields = record({
  addCommunity: optional(record({ value: communityValue }), null),
  prependASPath: optional(record({ prefix: list(asNumber) }), null),
  setPriority: optional(record({ value: priority }), null),
});

const operation: Field<FilterOperation> = {
  shape: operationFields.shape,
  decode: (value, faults) => {
    const given = operationFields.decode(value, faults);
    if (given === INVALID) return INVALID;
    const { addCommunity, prependASPath, setPriority } = given;
    const all: FilterOperation[] = [];
    if (addCommunity) all.push({ kind: 'add-community', parts: addCommunity.value });
    if (prependASPath) all.push({ kind: 'prepend', numbers: prependASPath.prefix.toReversed() });
    if (setPriority) all.push({ kind: 'set-priority', priority: setPriority.value });
    const [only] = all;
    if (only && all.length === 1) return only;
    const message = `expected exactly one of addCommunity, prependASPath and setPriority, found ${all.length}`;
    faults.push({ severity: 'error', code: 'invalid-value', path: [], message });
    return INVALID;
  },
};

const ruleFields = (family: Family) => {
  const length = optional(integer(0, family === 4 ? 32 : 128), null);
  return record({
    cidr: unlessEmpty(ruleCidr(family)),
    prefixLength: optional(record({ min: length, max: length }), null),
    matchOperator: unlessEmpty(oneOf('Equal', 'NotEqual', 'In', 'NotIn')),
    source: unlessEmpty(oneOf('RemotePeers')),
    interface: unlessEmpty(interfacePattern),
    peerType: unlessEmpty(peerType),
    communities: optional(record({ values: list(communityValue) }), null),
    asPathPrefix: optional(asPathPrefix, []),
    priority: optional(priority, null),
    action: oneOf('Accept', 'Reject'),
    operations: optional(list(operation), []),
  });
};

const rule = (family: Family): Field<FilterRule> => {
  const fields = ruleFields(family);
  return {
    shape: fields.shape,
    decode: (value, faults) => {
      const given = fields.decode(value, faults);
      if (given === INVALID) return INVALID;
      const missing =
        given.cidr && !given.matchOperator
          ? 'matchOperator'
          : given.communities?.values.length === 0
            ? 'communities'
            : null;
      if (missing) {
        faults.push({
          severity: 'error',
          code: 'missing-value',
          path: [missing],
          message: 'expected a value, found nothing',
        });
        return INVALID;
      }
      const { cidr, prefixLength } = given;
      const lengths = cidr && prefixLength && lengthsOf(cidr, prefixLength);
      if (lengths && lengths.min > lengths.max) {
        const message = `no prefix of ${cidr.text} has a length from ${lengths.min} to ${lengths.max}, and BIRD refuses such a range`;
        faults.push({ severity: 'error', code: 'invalid-value', path: ['prefixLength'], message });
        return INVALID;
      }
      const action = given.action === 'Accept' ? 'accept' : 'reject';
      return { conditions: conditionsOf(given), peerType: given.peerType, operations: given.operations, action };
    },
  };
};

/** The lengths that a rule takes: no shorter than its own (spec 5.3). */
const lengthsOf = (
  cidr: TypedCidr,
  given: { readonly min: number | null; readonly max: number | null },
): PrefixLengths => ({
  min: Math.max(cidr.length, given.min ?? 0),
  max: given.max ?? cidr.width,
});

function conditionsOf(given: FieldType<ReturnType<typeof ruleFields>>): readonly FilterCondition[] {
  const { cidr, matchOperator: operator, prefixLength, communities, asPathPrefix } = given;
  const conditions: FilterCondition[] = [];
  if (cidr && operator) {
    const lengths = prefixLength && lengthsOf(cidr, prefixLength);
    conditions.push({ kind: 'net', operator, cidr: cidr.text, lengths });
  }
  if (given.source) conditions.push({ kind: 'remote-peers' });
  if (given.interface) conditions.push({ kind: 'interface', pattern: given.interface });
  const [parts] = communities?.values ?? []; // the API allows one, and Calico reads the first
  if (parts) conditions.push({ kind: 'community', parts });
  if (asPathPrefix.length > 0) conditions.push({ kind: 'as-path', prefix: asPathPrefix });
  if (given.priority !== null) conditions.push({ kind: 'priority', priority: given.priority });
  return conditions;
}

const rulesOf = (family: Family) => optional(list(rule(family)), []);

const spec = record({ importV4: rulesOf(4), exportV4: rulesOf(4), importV6: rulesOf(6), exportV6: rulesOf(6) });
const NO_RULES = { importV4: [], exportV4: [], importV6: [], exportV6: [] };

export const bgpFilterFields = envelope(optional(spec, NO_RULES));

export const toBgpFilter = (
  key: string,
  name: string,
  { spec: rules }: FieldType<typeof bgpFilterFields>,
): BgpFilter => ({
  key,
  name,
  rules,
});
