import { join } from 'node:path';
import { buildNodeBgp, type NodeBgp, type Self } from './bgp/node-bgp.ts';
import { checkConfig } from './bird/check.ts';
import { FLAVOURS, type FlavourName } from './bird/flavour.ts';
import { LiveFiles } from './bird/live-files.ts';
import { sortDiagnostics } from './core/diagnostic.ts';
import { resourceKey } from './core/keys.ts';
import type { LastGood } from './datamodel/decode-entries.ts';
import { ResourcesDecoder } from './datamodel/resources.ts';
import type { Snapshot } from './datastore/datastore.ts';
import type { NamedText } from './render/bundle.ts';
import { Environment, type TemplateTexts } from './render/environment.ts';
import { daemonOf, renderFamily } from './render/render-family.ts';
import { fileNames, type Layout } from './render/view.ts';
import type { Settings } from './settings.ts';
import type { Rendering, Target } from './targets.ts';

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

/** Decodes and builds once per snapshot, so that both daemons' targets cost one decode. */
function modelOf(options: BgpOptions): (snapshot: Snapshot) => Model {
  const decoder = new ResourcesDecoder(options.self.nodeName, options.lastGood);
  const self: Self = { ...options.self, kernelTunnel: FLAVOURS[options.flavour].kernelTunnel };
  const models = new WeakMap<Snapshot, Model>();
  return (snapshot) => {
    const known = models.get(snapshot);
    if (known) return known;
    const decoded = decoder.decode(snapshot);
    const { diagnostics, lastGood } = decoded;
    const built = buildNodeBgp(decoded, self);
    const configuration = resourceKey('BGPConfiguration', 'default');
    const approval = decoded.resources.bgpConfigurations.get(configuration)?.approval ?? null;
    const model = {
      bgp: built.value,
      diagnostics: [...snapshot.diagnostics, ...diagnostics, ...built.diagnostics],
      lastGood,
      release: built.release && `3.${built.release.minor}`,
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
  const environment = new Environment(options.templates);
  const target = (family: 4 | 6): Target => {
    const name = daemonOf({ family });
    const names = fileNames(options.layout, name);
    const { binary } = daemons[name];
    const known = liveFiles();
    return {
      name,
      fileNames: names.parts ? [names.bird, names.parts.aggr, names.parts.ipam] : [names.bird],
      configFile: join(daemons.output, names.bird),
      render: (snapshot, live) => {
        const { bgp, diagnostics, ...rest } = model(snapshot);
        if (!bgp) return { bundle: null, diagnostics: sortDiagnostics(diagnostics), ...rest, kept: [] };
        const built = bgp.family(family, known(live));
        return {
          bundle: renderFamily(environment, built.value, options),
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
