import type { EtcdOptions } from './etcd-client.ts';
import { EtcdCopy } from './etcd-copy.ts';
import { follow } from './etcd-v3-generation.ts';
import { Generations, type Surroundings } from './generations.ts';

/**
 * A copy of etcd v3's keys: listed at one revision, then watched from the next one. It lives in generations; one
 * that follows a lost connection resumes behind the last revision that was applied, and then reads everything again (auditCopy).
 *
 * One watch spans the whole range from the first prefix to the last, and the copy takes what is under a prefix. Only so is
 * every response a consistent cut, also while the watch catches up: etcd orders nothing between watches, so with one a
 * prefix a snapshot could hold a late revision of one prefix beside an early one of another. In Calico's layout the range
 * leaves out what changes all the time (`/calico/felix/`, workload endpoints, IPAM handles and blocks); the rest of it
 * (policies, other nodes' affinities) changes rarely. Where the user's role does not cover the range, each prefix is watched by itself:
 * then a change that touches several of them may show in parts for a moment, and every lost connection costs a list.
 */
export class EtcdV3Datastore extends Generations {
  /** `watch` false: for who reads once, so that the copy is not kept in step. */
  constructor(options: EtcdOptions, { watch = true, ...surroundings }: Surroundings & { readonly watch?: boolean }) {
    super(options.endpoints, surroundings, (prefixes) => {
      const copy = new EtcdCopy(prefixes);
      const scope = { isNarrow: false };
      return { copy, follow: (place) => follow({ ...place, options, copy, scope, watch }) };
    });
  }
}
