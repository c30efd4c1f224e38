import { type Family, isHostRoute } from '../core/ip-address.ts';
import { byBytesOf } from '../core/order.ts';
import type { BlockAffinity } from '../datamodel/block-affinity.ts';

/** A block of addresses that this node holds, and what is stated about it (spec calico-v3, 4.2 and 7.4). */
export interface BlockRoute {
  readonly cidr: string;
  /** A blackhole route catches what no workload of the block answers for; a single address needs none. */
  readonly blackhole: boolean;
  /** Only the block itself is told to the peers, not its workloads' routes. Not while the block is being given up. */
  readonly aggregated: boolean;
  readonly origins: readonly string[];
}

/** The family's blocks in the order of their text; a pending block is not yet held. */
export function blockRoutes(affinities: Iterable<BlockAffinity>, family: Family): readonly BlockRoute[] {
  return [...affinities]
    .filter(({ cidr, state }) => cidr.family === family && state !== 'pending')
    .sort(byBytesOf(({ cidr, key }) => `${cidr.text} ${key}`)) // the key decides between two ways to write one range
    .map(({ key, cidr, state }) => ({
      cidr: cidr.text,
      blackhole: !isHostRoute(cidr),
      aggregated: state === 'confirmed',
      origins: [key],
    }));
}
