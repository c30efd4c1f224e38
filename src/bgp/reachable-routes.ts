import { type Family, parseIp } from '../core/ip-address.ts';
import { byBytes } from '../core/order.ts';
import type { Peerings } from './peerings.ts';

/** A route to a neighbor that is not on the node's own network. */
export interface ReachableRoute {
  readonly cidr: string;
  readonly gateway: string;
  readonly origins: readonly string[];
}

/**
 * The routes that reachableBy asks for (spec 4.2): global peerings first, each list in the order of address and port. A gateway of the
 * other family, which BIRD would refuse, gives none (quirk of spec 9.7, not kept).
 */
export function reachableRoutes({ global, own }: Peerings, family: Family): readonly ReachableRoute[] {
  return [global, own].flatMap((granted) =>
    [...granted]
      .sort(([a], [b]) => byBytes(a, b))
      .flatMap(([, { peer, form, address, origins }]) => {
        const gateway = form === 'workload' ? null : peer.reachableBy;
        if (gateway?.family !== family || parseIp(address)?.family !== family) return [];
        return [{ cidr: `${address}/${family === 4 ? 32 : 128}`, gateway: gateway.text, origins }];
      }),
  );
}
