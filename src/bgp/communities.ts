import type { Family } from '../core/ip-address.ts';
import type { BgpConfiguration } from '../datamodel/bgp-configuration.ts';

/** Communities that routes within a prefix are told with. */
export interface CommunityRule {
  readonly cidr: string;
  /** Two numbers: a community; three: a large community. */
  readonly communities: readonly { readonly large: boolean; readonly parts: readonly number[] }[];
}

/**
 * The family's rules, in the order of the data. A node's own BGPConfiguration with any advertisements hides the cluster's, for both
 * families (spec calico-v3, 2.2); an entry without a usable community says nothing (3.5).
 */
export function communityRules(
  own: BgpConfiguration | null,
  defaults: BgpConfiguration | null,
  family: Family,
): readonly CommunityRule[] {
  const advertisements = own?.prefixAdvertisements ?? defaults?.prefixAdvertisements ?? [];
  return advertisements
    .filter(({ cidr, communities }) => cidr.family === family && communities.length > 0)
    .map(({ cidr, communities }) => ({
      cidr: cidr.text,
      communities: communities.map((parts) => ({ large: parts.length === 3, parts })),
    }));
}
