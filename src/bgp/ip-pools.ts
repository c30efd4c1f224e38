import type { Diagnostic } from '../core/diagnostic.ts';
import type { Cidr, Family } from '../core/ip-address.ts';
import { sortedByBytes } from '../core/order.ts';
import type { ProgramClusterRoutes } from '../datamodel/bgp-configuration.ts';
import type { Encapsulation, IpPool } from '../datamodel/ip-pool.ts';
import type { ReleaseRules } from '../datamodel/release.ts';

/** What the kernel filter does with a pool's routes: leave them to Felix, program them, or program them into the IPIP tunnel. */
export type KernelAction = 'reject' | 'accept' | 'tunnel' | 'tunnel-across-subnets';

export interface PoolRule {
  readonly cidr: string;
  readonly action: KernelAction;
  /** The IPIP tunnel's, for the actions that use it. */
  readonly device: string;
}

export interface PoolRules {
  /** In the order of the CIDRs' text. */
  readonly kernel: readonly PoolRule[];
  readonly exported: readonly string[];
  readonly notExported: readonly string[];
  readonly origins: readonly string[];
}

/** Which kinds of pool BIRD programs into the kernel. */
export interface Programs {
  readonly ipip: boolean;
  readonly noEncap: boolean;
}

const BY_WORD: Readonly<Record<ProgramClusterRoutes, Programs>> = {
  Disabled: { ipip: false, noEncap: false },
  EnabledIPIPOnly: { ipip: true, noEncap: false },
  EnabledNoEncapOnly: { ipip: false, noEncap: true },
  Enabled: { ipip: true, noEncap: true },
  unknown: { ipip: false, noEncap: true },
};

const ALL: Programs = { ipip: true, noEncap: true };

/** What the policy means in a release; unset is the same as unknown (spec calico-v3, 7.1, and calico-releases, 3). */
export function programsFor(policy: ProgramClusterRoutes | null, rules: ReleaseRules): Programs {
  if (rules.programming === 'by-word') return BY_WORD[policy ?? 'unknown'];
  return rules.programming === 'unless-disabled' && policy === 'Disabled' ? BY_WORD.Disabled : ALL;
}

function kernelAction(encapsulation: Encapsulation, programs: Programs): KernelAction {
  switch (encapsulation) {
    case 'vxlan':
      return 'reject'; // Felix programs VXLAN, always
    case 'none':
      return programs.noEncap ? 'accept' : 'reject';
    case 'ipip-always':
      return programs.ipip ? 'tunnel' : 'reject';
    case 'ipip-cross-subnet':
      return programs.ipip ? 'tunnel-across-subnets' : 'reject';
  }
}

/**
 * The rules that a family's pools give (spec 7.3). `subnet`: the node's own network; without one there are no IPv4 kernel rules.
 * IPv6 has no tunnel and needs no subnet, and only its rejects are stated: the filter ends in accept.
 */
export function poolRules(
  pools: Iterable<IpPool>,
  family: Family,
  programs: Programs,
  subnet: Cidr | null,
): { value: PoolRules; diagnostics: readonly Diagnostic[] } {
  const byCidr = new Map<string, IpPool>();
  const diagnostics: Diagnostic[] = [];
  for (const pool of sortedByBytes(
    [...pools].filter((p) => p.cidr.family === family),
    (p) => p.name,
  )) {
    const first = byCidr.get(pool.cidr.text);
    if (!first) {
      byCidr.set(pool.cidr.text, pool);
      continue;
    }
    const message = `${pool.cidr.text} is already the range of ${first.key}: this pool has no effect`;
    diagnostics.push({ severity: 'warning', code: 'duplicate-pool', key: pool.key, path: ['spec', 'cidr'], message });
  }
  const sorted = sortedByBytes([...byCidr.values()], (p) => p.cidr.text);
  const kernel = sorted.map(({ cidr, encapsulation, device }) => ({
    cidr: cidr.text,
    action: kernelAction(encapsulation, programs),
    device,
  }));
  const stated = family === 4 ? (subnet ? kernel : []) : kernel.filter((rule) => rule.action === 'reject');
  const texts = (disabled: boolean) => sorted.filter((p) => p.disableBgpExport === disabled).map((p) => p.cidr.text);
  const origins = sorted.map((p) => p.key);
  return { value: { kernel: stated, exported: texts(false), notExported: texts(true), origins }, diagnostics };
}
