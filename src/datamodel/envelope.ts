import { type Field, record } from './field.ts';

/** The envelope of a v3 resource around `spec`. Metadata and status are not ours to judge (spec calico-v3, 1.1). */
export const envelope = <T>(spec: Field<T>): Field<{ readonly spec: T }> =>
  record({ spec }, ['kind', 'apiVersion', 'metadata', 'status']);
