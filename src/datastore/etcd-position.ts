import { StageError } from '../core/errors.ts';

/** Up to which revision of which cluster the copy is complete. */
export interface Position {
  readonly revision: bigint;
  readonly clusterId: string;
}

/**
 * Throws `cluster-changed` or `revision-went-back` if an answer to a question asked at `position` shows that the store was
 * replaced or restored since: then what the copy holds says nothing about it.
 */
export function verifySameStore(position: Position, header: { cluster_id: string; revision: string }): void {
  if (header.cluster_id !== position.clusterId) {
    const message = `etcd is another cluster: ${header.cluster_id}, was ${position.clusterId}`;
    throw new StageError('datastore', 'cluster-changed', message, { retryable: true });
  }
  if (BigInt(header.revision) < position.revision) {
    const message = `etcd went back to revision ${header.revision} from ${position.revision}`;
    throw new StageError('datastore', 'revision-went-back', message, { retryable: true });
  }
}
