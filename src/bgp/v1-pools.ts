import type { Diagnostic } from '../core/diagnostic.ts';
import type { Family } from '../core/ip-address.ts';
import { byBytesOf } from '../core/order.ts';
import type { IpPool } from '../datamodel/ip-pool.ts';
import type { PoolRule, PoolRules } from './ip-pools.ts';

/** What the node's BIRD and network allow. */
interface Tunnels {
  readonly kernelTunnel: boolean;
  /** The key under which the node's network stands; null = it is there. */
  readonly missingSubnet: string | null;
}

function warning(code: string, key: string, path: readonly string[], message: string): Diagnostic {
  return { severity: 'warning', code, key, path, message };
}

/**
 * The rules of a family's pools in the v1 layout: all are told to the neighbors, in the order of their keys, and BIRD programs all into
 * the kernel; those with IPIP into the tunnel, if it can. Across subnets means always where the node's own network is not known, as
 * tunnelling is never wrong (spec calico-v1, 2.5 and 2.7). No range is left out: BIRD takes the first that holds a route.
 */
export function v1PoolRules(
  pools: Iterable<IpPool>,
  family: Family,
  { kernelTunnel, missingSubnet }: Tunnels,
): { readonly value: PoolRules; readonly diagnostics: readonly Diagnostic[] } {
  const sorted = [...pools].filter(({ cidr }) => cidr.family === family).sort(byBytesOf(({ key }) => key));
  const tunnelled = family === 4 ? sorted.filter(({ encapsulation }) => encapsulation !== 'none') : [];
  const isAcross = ({ encapsulation }: IpPool) => encapsulation === 'ipip-cross-subnet';
  const rule = (pool: IpPool): PoolRule => ({
    cidr: pool.cidr.text,
    action: isAcross(pool) && missingSubnet === null ? 'tunnel-across-subnets' : 'tunnel',
    device: pool.device,
  });
  const diagnostics: Diagnostic[] = [];
  const [first] = tunnelled;
  if (first && !kernelTunnel) {
    const message = 'this BIRD has no krt_tunnel, so routes of IPIP pools do not go through the tunnel';
    diagnostics.push(warning('no-kernel-tunnel', first.key, ['ipip'], message));
  }
  if (kernelTunnel && missingSubnet !== null && tunnelled.some(isAcross)) {
    const message = 'the node’s network is not known: pools that use IPIP across subnets use it always';
    diagnostics.push(warning('subnet-unknown', missingSubnet, [], message));
  }
  const value: PoolRules = {
    kernel: kernelTunnel ? tunnelled.map(rule) : [],
    exported: sorted.map(({ cidr }) => cidr.text),
    notExported: [],
    origins: sorted.map(({ key }) => key),
  };
  return { value, diagnostics };
}
