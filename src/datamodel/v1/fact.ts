import { show } from '../../core/diagnostic.ts';
import type { Cidr, Family, IpAddress } from '../../core/ip-address.ts';
import type { LogSeverity } from '../bgp-configuration.ts';
import type { BgpPeer } from '../bgp-peer.ts';
import { type Fault, type Field, INVALID, type Invalid } from '../field.ts';
import type { AsNumber } from '../values.ts';
import { decodeV1Peer } from './peer.ts';
import { v1AsNumber, v1LogLevel } from './plain-text.ts';

/** What one key of the v1 layout says. `other`: a key that v0.22 did not read, of a later release or of another program. */
export type Fact =
  | { readonly kind: 'as-number'; readonly asNumber: AsNumber }
  | { readonly kind: 'log-level'; readonly logSeverity: LogSeverity }
  | { readonly kind: 'peer'; readonly peer: BgpPeer }
  | { readonly kind: 'mesh'; readonly enabled: boolean }
  | { readonly kind: 'custom-filter'; readonly family: Family; readonly text: string }
  | { readonly kind: 'address'; readonly family: Family; readonly address: IpAddress | null }
  | { readonly kind: 'network'; readonly family: Family; readonly network: Cidr }
  | { readonly kind: 'other' };

/** How the value of one key becomes a Fact. */
export type DecodeFact = (value: unknown, faults: Fault[]) => Fact | Invalid;

/** A field, and what a value of it says. */
export const fact =
  <T>(field: Field<T>, make: (decoded: T) => Fact): DecodeFact =>
  (value, faults) => {
    const decoded = field.decode(value, faults);
    return decoded === INVALID ? INVALID : make(decoded);
  };

export const OTHER: Fact = { kind: 'other' };

/** The keys that all nodes have in common with each single one. */
export const COMMON_KEYS: Readonly<Record<string, DecodeFact>> = {
  as_num: fact(v1AsNumber, (asNumber) => ({ kind: 'as-number', asNumber })),
  loglevel: fact(v1LogLevel, (logSeverity) => ({ kind: 'log-level', logSeverity })),
};

/** A key is printed in comments and messages as it stands, so the part that is free must be a plain word. */
export const isPlainName = (name: string): boolean => /^[A-Za-z0-9_.:-]{1,253}$/.test(name);

/** Tells a key under which nothing of the kind can stand. */
export function misplaced(key: string, expected: string, found: string, faults: Fault[]): Invalid {
  const message = `expected ${expected}, found ${found} at ${show(key)}`;
  faults.push({ severity: 'error', code: 'invalid-key', path: [], message });
  return INVALID;
}

/**
 * Decodes one key by its path below a node or the globals: `values` by their names, and peers in their folders. A folder where a value
 * belongs, or the reverse, is an error; other keys are ignored, as v0.22 did.
 */
export function decodeFact(
  values: Readonly<Record<string, DecodeFact>>,
  at: { readonly key: string; readonly path: string; readonly node: string | null },
  value: unknown,
  faults: Fault[],
): Fact | Invalid {
  const [name = '', ...below] = at.path.split('/');
  const decode = Object.hasOwn(values, name) ? values[name] : undefined;
  if (decode)
    return below.length > 0 ? misplaced(at.key, `a value under ${name}`, 'a folder', faults) : decode(value, faults);
  const family = name === 'peer_v4' ? 4 : name === 'peer_v6' ? 6 : null;
  if (family === null) return OTHER;
  if (below.length === 0) return misplaced(at.key, `a folder of peers under ${name}`, 'a value', faults);
  if (below.length > 1) return misplaced(at.key, `a value under ${name}/${below[0]}`, 'a folder', faults);
  if (!isPlainName(below[0] ?? ''))
    return misplaced(at.key, 'an address as the last part of the key', 'another text', faults);
  const peer = decodeV1Peer(at.key, at.node, family, value, faults);
  return peer === INVALID ? INVALID : { kind: 'peer', peer };
}
