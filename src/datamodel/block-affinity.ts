import { show } from '../core/diagnostic.ts';
import { type Cidr, parseCidr } from '../core/ip-address.ts';
import { affinityCidr } from '../core/keys.ts';
import { type Fault, type FieldType, INVALID, type Invalid, oneOfOr, optional, record, unlessEmpty } from './field.ts';

/** The value under an affinity key; an empty value is old data and means {} (spec calico-v3, 1.1). */
export const blockAffinityFields = record(
  { state: optional(unlessEmpty(oneOfOr('pendingDeletion', 'confirmed', 'pending', 'pendingDeletion')), null) },
  ['deleted', 'type'],
);

/** That this node holds a block of addresses. `confirmed` also stands for the empty state of old data. */
export interface BlockAffinity {
  readonly key: string;
  readonly cidr: Cidr;
  readonly state: 'confirmed' | 'pending' | 'pendingDeletion';
}

export const toBlockAffinity = (
  key: string,
  cidr: Cidr,
  { state }: FieldType<typeof blockAffinityFields>,
): BlockAffinity => ({ key, cidr, state: state ?? 'confirmed' });

/** The block that an affinity key of `node` names; the value says nothing of it. */
export function blockOfKey(node: string, key: string, faults: Fault[]): Cidr | Invalid {
  const found = affinityCidr(node, key);
  const cidr = found && parseCidr(found.cidr);
  if (found && cidr?.family === found.family) return cidr;
  const message = `expected …/ipv4/block/<address>-<length> or …/ipv6/block/<address>-<length>, found ${show(key)}`;
  faults.push({ severity: 'error', code: 'invalid-key', path: [], message });
  return INVALID;
}
