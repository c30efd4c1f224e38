import { type FieldType, list, optional, record, text, unlessEmpty } from './field.ts';

const plain = text('a string', (value) => value);

/** The status file of a local workload (spec calico-v3, 1.3). */
export const workloadStatusFields = record(
  {
    bgpPeerName: unlessEmpty(plain),
    ipv4Nets: optional(list(plain), []),
    ipv6Nets: optional(list(plain), []),
  },
  ['*'],
);

/** A workload on this node that wants a BGP session with it. The first address of each family counts. */
export interface WorkloadStatus {
  readonly key: string;
  /** The BGPPeer that describes the session; null = none is wanted. */
  readonly bgpPeerName: string | null;
  /** As written, with or without a length: a record with an unparsable one is skipped for its family. */
  readonly nets: Readonly<Record<4 | 6, string | null>>;
}

export const toWorkloadStatus = (key: string, given: FieldType<typeof workloadStatusFields>): WorkloadStatus => ({
  key,
  bgpPeerName: given.bgpPeerName,
  nets: { 4: given.ipv4Nets[0] ?? null, 6: given.ipv6Nets[0] ?? null },
});
