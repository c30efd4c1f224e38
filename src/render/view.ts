import type { FamilyBgp } from '../bgp/node-bgp.ts';
import { BirdString } from './guard.ts';

/** How a family's configuration is spread over files (architecture 3); the first is the one that BIRD is pointed at. */
export type Layout = 'single' | 'calico';

/** File names of one family in one layout; the parts are null where they stand inside the first file. */
export interface FileNames {
  readonly bird: string;
  readonly parts: { readonly aggr: string; readonly ipam: string } | null;
}

export function fileNames(layout: Layout, daemon: string): FileNames {
  if (layout === 'single') return { bird: `${daemon}.conf`, parts: null };
  return { bird: `${daemon}.cfg`, parts: { aggr: `${daemon}_aggr.cfg`, ipam: `${daemon}_ipam.cfg` } };
}

/** What `aggr.hbs` sees. */
const aggrView = (bgp: FamilyBgp, version: string) => ({
  version,
  blocks: bgp.blocks,
  hasRoutes: bgp.blocks.length > 0,
  normalRoutePriority: bgp.normalRoutePriority,
  origins: bgp.blocks.flatMap((block) => block.origins),
});

/** What `ipam.hbs` sees. */
const ipamView = (bgp: FamilyBgp, version: string) => ({
  version,
  programsIpip: bgp.programsIpip,
  normalRoutePriority: bgp.normalRoutePriority,
  pools: { ...bgp.pools, kernel: bgp.pools.kernel.map((rule) => ({ ...rule, subnet: bgp.subnet })) },
  origins: bgp.pools.origins,
});

/** What the templates of one family see: the model's fields, with everything stated that a template may ask for. */
export function familyView(bgp: FamilyBgp, names: FileNames, version: string) {
  const { family, asNumber, routerId, logSeverity, address, peers, origins } = bgp;
  return {
    version,
    family,
    asNumber,
    routerId,
    logSeverity,
    address,
    peers,
    origins,
    ignoredInterfaces: bgp.ignoredInterfaces.map((pattern) => new BirdString(pattern)),
    listen: bgp.listenAddress || bgp.listenPort ? { address: bgp.listenAddress, port: bgp.listenPort } : null,
    includes: names.parts && { aggr: new BirdString(names.parts.aggr), ipam: new BirdString(names.parts.ipam) },
    aggr: aggrView(bgp, version),
    ipam: ipamView(bgp, version),
  };
}
