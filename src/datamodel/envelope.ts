import { APPROVE, approval } from './approval.ts';
import { type Field, type FieldType, mapOf, optional, record, text } from './field.ts';

const label = text('a string', (value) => value);

/** What is read of a resource's metadata; the rest is Kubernetes' own business. */
const metadata = record({ labels: optional(mapOf(label), new Map<string, string>()) }, ['*']);

/** What an operator writes there for us alone; everybody else's annotations are not ours to judge. */
const annotations = record({ [APPROVE]: optional(approval, null) }, ['*']);
const annotated = record({ annotations: optional(annotations, { [APPROVE]: null }) }, ['*']);

/** What stands around a resource that says nothing of itself. */
export const UNANNOTATED: FieldType<typeof annotated> = { annotations: { [APPROVE]: null } };

/** The envelope of a v3 resource around `spec` (spec calico-v3, 1.1); its other members are not ours to judge. */
export const envelope = <T>(spec: Field<T>): Field<{ readonly spec: T }> =>
  record({ spec }, ['kind', 'apiVersion', 'metadata', 'status']);

const NO_METADATA: FieldType<typeof metadata> = { labels: new Map() };

/** The same with what the annotation `birdconfd/approve` says. */
export const approvableEnvelope = <T>(spec: Field<T>) =>
  record({ metadata: optional(annotated, UNANNOTATED), spec }, ['kind', 'apiVersion', 'status']);

/** The same with the labels, for what selectors are matched against, and the status. */
export const labelledEnvelope = <T, S>(spec: Field<T>, status: Field<S>) =>
  record({ metadata: optional(metadata, NO_METADATA), spec, status }, ['kind', 'apiVersion']);
