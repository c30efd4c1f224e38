import { type Field, type FieldType, mapOf, optional, record, text } from './field.ts';

/** The annotation by which an operator lets a held plan through, on all nodes at once. */
export const APPROVE = 'birdconfd/approve';

const label = text('a string', (value) => value);

/** What is read of a resource's metadata; the rest is Kubernetes' own business. */
const metadata = record({ labels: optional(mapOf(label), new Map<string, string>()) }, ['*']);

/** What an operator writes there for us alone; everybody else's annotations are not ours to judge. */
const NO_APPROVAL = { [APPROVE]: null };
const annotations = record(
  {
    [APPROVE]: optional(
      text('a string', (value) => value),
      null,
    ),
  },
  ['*'],
);

/** The envelope of a v3 resource around `spec` (spec calico-v3, 1.1); its other members are not ours to judge. */
export const envelope = <T>(spec: Field<T>): Field<{ readonly spec: T }> =>
  record({ spec }, ['kind', 'apiVersion', 'metadata', 'status']);

const NO_METADATA: FieldType<typeof metadata> = { labels: new Map() };

/** The same with what the annotation `birdconfd/approve` says. */
export const approvableEnvelope = <T>(spec: Field<T>) =>
  record(
    {
      metadata: optional(record({ annotations: optional(annotations, NO_APPROVAL) }, ['*']), {
        annotations: NO_APPROVAL,
      }),
      spec,
    },
    ['kind', 'apiVersion', 'status'],
  );

/** The same with the labels, for what selectors are matched against, and the status. */
export const labelledEnvelope = <T, S>(spec: Field<T>, status: Field<S>) =>
  record({ metadata: optional(metadata, NO_METADATA), spec, status }, ['kind', 'apiVersion']);
