import { join } from 'node:path';
import { buildNodeBgp, type NodeBgp, type Self } from './bgp/node-bgp.ts';
import { buildV1NodeBgp } from './bgp/v1-node-bgp.ts';
import { checkConfig } from './bird/check.ts';
import { configureBird } from './bird/configure.ts';
import { FLAVOURS, type FlavourName } from './bird/flavour.ts';
import type { Clock } from './core/clock.ts';
import { type Diagnostic, sortDiagnostics } from './core/diagnostic.ts';
import { UsageError } from './core/errors.ts';
import type { DataLayout } from './core/keys.ts';
import type { LastGood } from './datamodel/decode-entries.ts';
import { layoutOf } from './datamodel/layout.ts';
import { ResourcesDecoder } from './datamodel/resources.ts';
import type { OwnAddresses } from './datamodel/v1/nodes.ts';
import { V1ResourcesDecoder } from './datamodel/v1/resources.ts';
import type { Snapshot } from './datastore/datastore.ts';
import { Environment, type TemplateTexts } from './render/environment.ts';
import { daemonOf, renderFamily } from './render/render-family.ts';
import { fileNames, type Layout } from './render/view.ts';
import type { Settings } from './settings.ts';
import type { Target } from './targets.ts';

/** What turns a snapshot into one node's BGP, and that into files. */
export interface BgpOptions {
  /** Who the node is; what its BIRD can do follows from the flavour. */
  readonly self: Omit<Self, 'kernelTunnel'>;
  readonly flavour: FlavourName;
  readonly layout: Layout;
  /** The texts of the flavour's template folder, and those for data of the v1 layout. */
  readonly templates: TemplateTexts;
  readonly v1Templates: TemplateTexts;
  /** The layout that was asked for, or that the ledgers remember; null: the first snapshot that shows one decides. */
  readonly data: DataLayout | null;
  /** Custom filters of the v1 layout are used; whoever hands in the snapshots has judged them. */
  readonly allowCustomFilters: boolean;
  /** IP and IP6, which count before the datastore's addresses in the v1 layout. */
  readonly ownAddresses: OwnAddresses['addresses'];
  /** Stands in the files' header. */
  readonly version: string;
  /** From the ledgers, of both targets together. */
  readonly lastGood: LastGood;
}

/** Who the node is to the BGP rules, by its settings. */
export const selfOf = (settings: Settings): BgpOptions['self'] => ({
  nodeName: settings.nodeName,
  routerId: settings.routerId,
  clusterIps: settings.clusterIps,
  kubernetesNode: settings.kubernetesNode,
  usePodCidr: settings.usePodCidr,
  release: settings.release,
  passwords: { namespace: settings.namespace, allowMissing: settings.allowMissingPassword },
});

/** The daemons that the targets check with and reload. */
export interface Daemons {
  readonly output: string;
  readonly bird: { readonly binary: string; readonly socket: string };
  readonly bird6: { readonly binary: string; readonly socket: string };
  readonly clock: Clock;
}

interface Model {
  readonly data: DataLayout | null;
  readonly bgp: NodeBgp | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly lastGood: LastGood;
}

/** Throws UsageError where both layouts are there: which one counts is for people to say. */
function layoutIn(snapshot: Snapshot): DataLayout | null {
  const found = layoutOf(snapshot);
  if (found !== 'both') return found;
  throw new UsageError(
    'the datastore holds BGP data in both layouts, v1 (up to Calico 2.6) and v3: say which one counts with --data v1 or --data v3',
  );
}

/** Decodes and builds once per snapshot, so that both daemons' targets cost one decode. A layout once seen stays. */
function modelOf(options: BgpOptions): (snapshot: Snapshot) => Model {
  const {
    allowCustomFilters,
    self: { nodeName },
  } = options;
  const today = new ResourcesDecoder(nodeName, options.lastGood);
  const v1 = new V1ResourcesDecoder({ nodeName, addresses: options.ownAddresses }, options.lastGood);
  const self: Self = { ...options.self, kernelTunnel: FLAVOURS[options.flavour].kernelTunnel };
  const models = new WeakMap<Snapshot, Model>();
  let data = options.data;
  return (snapshot) => {
    const known = models.get(snapshot);
    if (known) return known;
    data ??= layoutIn(snapshot);
    const decoded = (data === 'v1' ? v1 : today).decode(snapshot);
    const { diagnostics, lastGood } = decoded;
    const built =
      data === 'v1' ? buildV1NodeBgp(decoded, { ...self, allowCustomFilters }) : buildNodeBgp(decoded, self);
    const model = {
      data,
      bgp: built.value,
      diagnostics: sortDiagnostics([...snapshot.diagnostics, ...diagnostics, ...built.diagnostics]),
      lastGood,
    };
    models.set(snapshot, model);
    return model;
  };
}

/** The two targets of BGP mode, `bird` and `bird6`: each one daemon with all its files. */
export function bgpTargets(options: BgpOptions, daemons: Daemons): readonly [Target, Target] {
  const model = modelOf(options);
  const environments = { v1: new Environment(options.v1Templates), v3: new Environment(options.templates) };
  const target = (family: 4 | 6): Target => {
    const name = daemonOf({ family });
    const names = fileNames(options.layout, name);
    const { binary, socket } = daemons[name];
    return {
      name,
      fileNames: names.parts ? [names.bird, names.parts.aggr, names.parts.ipam] : [names.bird],
      render: (snapshot) => {
        const { data, bgp, diagnostics, lastGood } = model(snapshot);
        const environment = environments[data ?? 'v3'];
        return { bundle: bgp && renderFamily(environment, bgp[family], options), diagnostics, lastGood, data };
      },
      check: (staged, signal) => checkConfig({ binary, configFile: join(staged.dir, names.bird), signal }),
      reload: (signal) =>
        configureBird(socket, { configFile: join(daemons.output, names.bird), signal, clock: daemons.clock }),
    };
  };
  return [target(4), target(6)];
}
