import type { Cidr } from '../core/ip-address.ts';
import { type FieldType, oneOfOr, optional, record, unlessEmpty } from './field.ts';

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
