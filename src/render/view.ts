import type { FilterFunction } from '../bgp/filters.ts';
import type { FamilyBgp } from '../bgp/node-bgp.ts';
import { sameModel } from '../core/same-model.ts';
import { BirdString, LiveText } from './guard.ts';

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

interface Versioned {
  readonly version: string;
}

const large = (parts: readonly number[]) => ({ parts, large: parts.length === 3 });

/** What `filter.hbs` sees. */
const makeFilterView = ({ symbol, takesPeerType, rules, live, origins }: FilterFunction) => ({
  symbol,
  takesPeerType,
  origins,
  live: live === null ? null : new LiveText(live),
  rules: rules.map((rule) => ({
    ...rule,
    conditions: rule.conditions.map((condition) => {
      if (condition.kind === 'interface') return { ...condition, pattern: new BirdString(condition.pattern) };
      return condition.kind === 'community' ? { ...condition, ...large(condition.parts) } : condition;
    }),
    operations: rule.operations.map((operation) =>
      operation.kind === 'add-community' ? { ...operation, ...large(operation.parts) } : operation,
    ),
  })),
});

/** So that an unchanged filter keeps its view, and with it its text. */
const filterViews = new WeakMap<FilterFunction, ReturnType<typeof makeFilterView>>();

function filterView(filter: FilterFunction) {
  const view = filterViews.get(filter) ?? makeFilterView(filter);
  filterViews.set(filter, view);
  return view;
}

/** One of each daemon. */
const MAX_KNOWN = 2;

/**
 * `make`, but what says the same has the same view: the text that was rendered from it is found again. A node that joins changes nothing of
 * thousands of pools and blocks.
 */
function remembered<I extends object, V>(make: (input: I) => V): (input: I) => V {
  let known: readonly { readonly input: I; readonly view: V }[] = [];
  return (input) => {
    const found = known.find((each) => sameModel(each.input, input)) ?? { input, view: make(input) };
    known = [found, ...known.filter((each) => each !== found)].slice(0, MAX_KNOWN);
    return found.view;
  };
}

type Aggr = Pick<FamilyBgp, 'blocks' | 'services' | 'reachableRoutes' | 'normalRoutePriority'>;

/** What `aggr.hbs` sees. */
const aggrView = remembered(
  ({ version, blocks, services, reachableRoutes, normalRoutePriority }: Aggr & Versioned) => ({
    version,
    blocks: blocks.map(({ cidr, blackhole, aggregated }) => ({ cidr, blackhole, aggregated })),
    statics: services.statics,
    reachableRoutes: reachableRoutes.map(({ cidr, gateway }) => ({ cidr, gateway })),
    hasRoutes: blocks.length + services.statics.length + reachableRoutes.length > 0,
    normalRoutePriority,
    origins: [...blocks, ...reachableRoutes].flatMap((route) => route.origins),
  }),
);

type Ipam = Pick<
  FamilyBgp,
  | 'family'
  | 'hidesIpipRoutes'
  | 'normalRoutePriority'
  | 'services'
  | 'wireguardNextHops'
  | 'pools'
  | 'subnet'
  | 'customFilters'
>;

/** What `ipam.hbs` sees. */
const ipamView = remembered(({ version, ...bgp }: Ipam & Versioned) => ({
  version,
  family: bgp.family,
  hidesIpipRoutes: bgp.hidesIpipRoutes,
  normalRoutePriority: bgp.normalRoutePriority,
  services: bgp.services,
  wireguardNextHops: bgp.wireguardNextHops,
  pools: {
    exported: bgp.pools.exported,
    notExported: bgp.pools.notExported,
    kernel: bgp.pools.kernel.map((rule) => ({ ...rule, device: new BirdString(rule.device), subnet: bgp.subnet })),
  },
  customFilters: bgp.customFilters.map(({ text }) => ({ text: new LiveText(text) })),
  origins: [...bgp.pools.origins, ...bgp.customFilters.map(({ key }) => key)],
}));

/** What the templates of one family see: the model's fields, with everything stated that a template may ask for. */
export function familyView(bgp: FamilyBgp, names: FileNames, version: string) {
  const { family, asNumber, routerId, logSeverity, address, communityRules, origins } = bgp;
  const { blocks, services, reachableRoutes, normalRoutePriority } = bgp;
  const { hidesIpipRoutes, wireguardNextHops, pools, subnet, customFilters } = bgp;
  const routes = { version, services, normalRoutePriority };
  return {
    version,
    family,
    asNumber,
    routerId,
    logSeverity,
    address,
    communityRules,
    origins,
    filters: bgp.filters.map(filterView),
    peers: bgp.peers,
    ignoredInterfaces: bgp.ignoredInterfaces.map((pattern) => new BirdString(pattern)),
    listen: bgp.listenAddress || bgp.listenPort ? { address: bgp.listenAddress, port: bgp.listenPort } : null,
    includes: names.parts && { aggr: new BirdString(names.parts.aggr), ipam: new BirdString(names.parts.ipam) },
    aggr: aggrView({ ...routes, blocks, reachableRoutes }),
    ipam: ipamView({ ...routes, family, hidesIpipRoutes, wireguardNextHops, pools, subnet, customFilters }),
  };
}
