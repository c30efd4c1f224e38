import { bgpTargets, selfOf } from '../bgp-targets.ts';
import type { FlavourName } from '../bird/flavour.ts';
import { type Diagnostic, formatDiagnostic } from '../core/diagnostic.ts';
import { resourceName, resourcePrefix, splitKey, V1_HOSTS } from '../core/keys.ts';
import type { NamedText } from '../core/named-text.ts';
import { byBytes } from '../core/order.ts';
import { version } from '../core/version.ts';
import { layoutOf } from '../datamodel/layout.ts';
import { ResourcesDecoder } from '../datamodel/resources.ts';
import { isResourceName } from '../datamodel/values.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import { nodeSnapshots } from '../datastore/node-snapshots.ts';
import type { LayoutTemplates } from '../host/layout-templates.ts';
import type { Settings } from '../settings.ts';

/** The files of all nodes of a cluster. */
export interface NodeFiles {
  /** Their names, sorted. */
  readonly nodes: readonly string[];
  /** In the order of its daemons; null where there is no such node. */
  files(node: string): Promise<readonly NamedText[] | null>;
}

/** What is any machine's own, and therefore nobody's when all nodes are rendered here. */
function settingsOfAll(settings: Settings): Settings {
  const routerId = settings.routerId === 'hash' ? 'hash' : null;
  return { ...settings, routerId, ownAddresses: { 4: null, 6: null }, allowMissingPassword: true };
}

/**
 * Renders the files of every node out of one reading of the datastore. A session whose password cannot be found here is rendered without
 * one, on both sides of a comparison: only its node may be able to read it.
 */
export class ClusterRenderer implements NodeFiles {
  readonly nodes: readonly string[];
  readonly #settings: Settings;
  readonly #templates: LayoutTemplates;
  readonly #flavour: FlavourName;
  readonly #snapshotOf: (node: string) => Snapshot;
  readonly #decoder = new ResourcesDecoder('', new Map());
  readonly #diagnostics = new Map<string, Diagnostic>();

  /** `snapshot`: of `clusterPrefixes`. */
  constructor(snapshot: Snapshot, settings: Settings, templates: LayoutTemplates, flavour: FlavourName) {
    this.#settings = settingsOfAll({ ...settings, data: settings.data ?? dataIn(snapshot) });
    this.#templates = templates;
    this.#flavour = flavour;
    this.#snapshotOf = nodeSnapshots(snapshot);
    this.nodes = namesIn(snapshot, this.#settings);
  }

  /** The faults of what was rendered so far, each once. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.#diagnostics.values()];
  }

  async files(node: string): Promise<readonly NamedText[] | null> {
    const { layout, ownAddresses, allowCustomFilters, data, output, daemons } = this.#settings;
    const { v1: v1Templates, v3: templates } = this.#templates;
    const self = { ...selfOf(this.#settings), nodeName: node, kubernetesNode: node };
    const v1 = { templates: v1Templates, data, ownAddresses, allowCustomFilters };
    const decoder = this.#decoder.forNode(node);
    const options = { self, flavour: this.#flavour, layout, templates, version, lastGood: new Map(), v1, decoder };
    const files: NamedText[] = [];
    const snapshot = this.#snapshotOf(node);
    for (const target of bgpTargets(options, { output, ...daemons })) {
      const { bundle, diagnostics } = target.render(snapshot, null);
      for (const each of diagnostics) this.#diagnostics.set(formatDiagnostic(each), each);
      if (!bundle) return null;
      files.push(...bundle.files.map(({ name, text }) => ({ name, text })));
    }
    return files;
  }
}

/** Null where both are there, which the targets refuse, or none. */
function dataIn(snapshot: Snapshot): Settings['data'] {
  const found = layoutOf(snapshot);
  return found === 'both' ? null : found;
}

function namesIn(snapshot: Snapshot, { data }: Settings): readonly string[] {
  const names =
    data === 'v1'
      ? [...snapshot.entries(V1_HOSTS).keys()].map((key) => splitKey(V1_HOSTS, key).first)
      : [...snapshot.entries(resourcePrefix('Node')).keys()].map((key) => resourceName('Node', key) ?? '');
  return [...new Set(names.filter(isResourceName))].sort(byBytes);
}
