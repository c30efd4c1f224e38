import { join } from 'node:path';
import { buildNodeBgp, type FamilyBgp, type NodeBgp, type Self } from './bgp/node-bgp.ts';
import { buildV1NodeBgp } from './bgp/v1-node-bgp.ts';
import { checkConfig } from './bird/check.ts';
import { FLAVOURS, type FlavourName } from './bird/flavour.ts';
import { LiveFiles } from './bird/live-files.ts';
import { sortDiagnostics } from './core/diagnostic.ts';
import { UsageError } from './core/errors.ts';
import { type DataLayout, resourceKey } from './core/keys.ts';
import type { NamedText } from './core/named-text.ts';
import { sameModel } from './core/same-model.ts';
import type { LastGood } from './datamodel/decode-entries.ts';
import { layoutOf } from './datamodel/layout.ts';
import { ResourcesDecoder } from './datamodel/resources.ts';
import type { OwnAddresses } from './datamodel/v1/nodes.ts';
import { V1ResourcesDecoder } from './datamodel/v1/resources.ts';
import type { Snapshot } from './datastore/datastore.ts';
import type { Bundle } from './render/bundle.ts';
import { type Environment, environmentOf, type TemplateTexts } from './render/environment.ts';
import { daemonOf, renderFamily } from './render/render-family.ts';
import { fileNames, type Layout } from './render/view.ts';
import type { Settings } from './settings.ts';
import type { Rendering, Target } from './targets.ts';

/** What data of the v1 layout are read with. */
export interface V1Options {
  /** The texts of the templates for them. */
  readonly templates: TemplateTexts;
  /** The layout that was asked for, or that the ledgers remember; null: the first snapshot that shows one decides. */
  readonly data: DataLayout | null;
  /** Custom filters are used; whoever hands in the snapshots has judged them. */
  readonly allowCustomFilters: boolean;
  /** IP and IP6, which count before the datastore's addresses. */
  readonly ownAddresses: OwnAddresses['addresses'];
}

/** What turns a snapshot into one node's BGP, and that into files. */
export interface BgpOptions {
  /** Who the node is; what its BIRD can do follows from the flavour. */
  readonly self: Omit<Self, 'kernelTunnel'>;
  readonly flavour: FlavourName;
  readonly layout: Layout;
  /** The texts of the flavour's template folder. */
  readonly templates: TemplateTexts;
  /** Stands in the files' header. */
  readonly version: string;
  /** From the ledgers, of both targets together. */
  readonly lastGood: LastGood;
  /** Absent: all data are of today's layout. */
  readonly v1?: V1Options;
  /** Another target's decoder `forNode` this one, so that what is no node's own is decoded once; absent: one of its own. */
  readonly decoder?: ResourcesDecoder;
  /** Another way to the same files, for who renders many nodes; absent: `renderFamily`. */
  readonly render?: typeof renderFamily;
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

/** The daemons that the targets are for, and the folder that they read. */
export interface Daemons {
  readonly output: string;
  readonly bird: { readonly binary: string };
  readonly bird6: { readonly binary: string };
}

interface Model extends Omit<Rendering, 'bundle' | 'kept'> {
  readonly bgp: NodeBgp | null;
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
  const { lastGood: given, v1: old } = options;
  const { nodeName } = options.self;
  const today = options.decoder ?? new ResourcesDecoder(nodeName, given);
  let v1: V1ResourcesDecoder | null = null;
  const allowCustomFilters = old?.allowCustomFilters ?? false;
  let data = old ? old.data : 'v3';
  const self: Self = { ...options.self, kernelTunnel: FLAVOURS[options.flavour].kernelTunnel };
  const models = new WeakMap<Snapshot, Model>();
  return (snapshot) => {
    const known = models.get(snapshot);
    if (known) return known;
    data ??= layoutIn(snapshot);
    if (data === 'v1')
      v1 ??= new V1ResourcesDecoder({ nodeName, addresses: old?.ownAddresses ?? { 4: null, 6: null } }, given);
    const decoded = ((data === 'v1' && v1) || today).decode(snapshot);
    const { diagnostics, lastGood } = decoded;
    const built =
      data === 'v1'
        ? { ...buildV1NodeBgp(decoded, { ...self, allowCustomFilters }), release: null }
        : buildNodeBgp(decoded, self);
    const configuration = resourceKey('BGPConfiguration', 'default');
    const approval = decoded.resources.bgpConfigurations.get(configuration)?.approval ?? null;
    const model = {
      bgp: built.value,
      diagnostics: [...snapshot.diagnostics, ...diagnostics, ...built.diagnostics],
      lastGood,
      data,
      // Nothing is guessed in the v1 layout: its rules are those of one release.
      release: data === 'v1' ? '0.22' : built.release && `3.${built.release.minor}`,
      approval,
    };
    models.set(snapshot, model);
    return model;
  };
}

/** Remembers the files that it was given last: the same texts are the same object, which has been read already. */
function liveFiles(): (live: readonly NamedText[] | null) => LiveFiles | null {
  let last: LiveFiles | null = null;
  return (live) => {
    const texts = live?.map(({ text }) => text) ?? [];
    if (last?.texts.length !== texts.length || texts.some((text, i) => text !== last?.texts[i]))
      last = new LiveFiles(texts);
    return live && last;
  };
}

/** The two targets of BGP mode, `bird` and `bird6`: each one daemon with all its files. */
export function bgpTargets(options: BgpOptions, daemons: Daemons): readonly [Target, Target] {
  const model = modelOf(options);
  const { render = renderFamily } = options;
  const environments = {
    v1: environmentOf(options.v1?.templates ?? new Map()),
    v3: environmentOf(options.templates),
  };
  const target = (family: 4 | 6): Target => {
    const name = daemonOf({ family });
    const names = fileNames(options.layout, name);
    const { binary } = daemons[name];
    const known = liveFiles();
    let last: { readonly environment: Environment; readonly bgp: FamilyBgp; readonly bundle: Bundle } | null = null;
    /** Most changes are one family's: the other's model says what it said. */
    const bundleOf = (environment: Environment, bgp: FamilyBgp): Bundle => {
      if (last?.environment !== environment || !sameModel(last.bgp, bgp))
        last = { environment, bgp, bundle: render(environment, bgp, options) };
      return last.bundle;
    };
    return {
      name,
      fileNames: names.parts ? [names.bird, names.parts.aggr, names.parts.ipam] : [names.bird],
      configFile: join(daemons.output, names.bird),
      render: (snapshot, live) => {
        const { bgp, diagnostics, ...rest } = model(snapshot);
        if (!bgp) return { bundle: null, diagnostics: sortDiagnostics(diagnostics), ...rest, kept: [] };
        const built = bgp.family(family, known(live));
        return {
          bundle: bundleOf(environments[rest.data ?? 'v3'], built.value),
          diagnostics: sortDiagnostics([...diagnostics, ...built.diagnostics]),
          ...rest,
          kept: built.kept,
        };
      },
      check: (folder, signal) => checkConfig({ binary, configFile: join(folder, names.bird), signal }),
    };
  };
  return [target(4), target(6)];
}
