import { bgpTargets, selfOf } from '../bgp-targets.ts';
import type { FlavourName } from '../bird/flavour.ts';
import { type Diagnostic, formatDiagnostic, sortDiagnostics } from '../core/diagnostic.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import { prefixesFor } from '../core/keys.ts';
import type { NamedText } from '../core/named-text.ts';
import { ResourcesDecoder } from '../datamodel/resources.ts';
import { MemoryDatastore } from '../datastore/memory.ts';
import { renderFamily } from '../render/render-family.ts';
import type { Layout } from '../render/view.ts';
import { resolveSettings, type Settings } from '../settings.ts';
import type { Target } from '../targets.ts';
import { RenderedOnce } from './rendered-once.ts';
import type { Place } from './report.ts';
import { nodesOf, type Scenario, type Step } from './scenario.ts';
import type { Templates } from './templates.ts';

/** One node's files in one dialect, layout and release after one step. */
export interface Rendered extends Place {
  readonly bird: FlavourName;
  readonly layout: Layout;
  /** Below the case's folder: `out/worker-1/1.6-single`. */
  readonly folder: string;
  /** In the order of the targets, each target's main file first. Empty where the node is unknown. */
  readonly files: readonly NamedText[];
  readonly diagnostics: readonly Diagnostic[];
  /** Names of files, and `diagnostics`, that depend on the order in which the data arrived: always a bug. */
  readonly unstable: readonly string[];
}

/** Stands in the goldens' headers, so that a release does not change them all. */
const VERSION = 'golden';

interface Variant {
  readonly node: string;
  readonly bird: FlavourName;
  readonly layout: Layout;
  /** Of the folder: `1.6-single`, with several releases `1.6-single-3.31`. */
  readonly name: string;
  readonly settings: Settings;
}

async function variantsOf(scenario: Scenario, node: string): Promise<readonly Variant[]> {
  const several = scenario.releases.length > 1;
  const wanted = scenario.birds.flatMap((bird) =>
    scenario.layouts.flatMap((layout) => scenario.releases.map((release) => ({ bird, layout, release }))),
  );
  return Promise.all(
    wanted.map(async ({ bird, layout, release }) => {
      const flags = { datastore: 'files', input: [scenario.dir], node, layout, bird, 'calico-release': release };
      const name = `${bird}-${layout}${several ? `-${release}` : ''}`;
      return { node, bird, layout, name, settings: await resolveSettings(flags, scenario.env) };
    }),
  );
}

/** What `readLive` would find of a target's files. */
function filesOf({ fileNames }: Target, live: ReadonlyMap<string, string>): readonly NamedText[] | null {
  const files = fileNames.flatMap((name) => {
    const text = live.get(name);
    return text === undefined ? [] : [{ name, text }];
  });
  return files.length === fileNames.length ? files : null;
}

interface Service {
  readonly targets: readonly Target[];
  readonly live: Map<string, string>;
}

/** One running datastore with the services of all nodes on it, as they would see the case's steps. */
class World {
  readonly #store = new MemoryDatastore();
  readonly #decoder = new ResourcesDecoder('', new Map());
  readonly #decoders = new Map<string, ResourcesDecoder>();
  readonly #services = new Map<string, Service>();
  readonly #scenario: Scenario;
  readonly #reversed: boolean;
  readonly #render: typeof renderFamily;
  #before: Readonly<Record<string, string>> = {};

  constructor(scenario: Scenario, render: typeof renderFamily, { reversed }: { readonly reversed: boolean }) {
    this.#scenario = scenario;
    this.#render = render;
    this.#reversed = reversed;
  }

  async start(nodes: readonly string[]): Promise<void> {
    const prefixes = new Set(nodes.flatMap((node) => prefixesFor(node)));
    await this.#store.start([...prefixes], () => {}, new AbortController().signal);
  }

  /** The keys arrive in their order, or in the opposite one. */
  take({ values }: Step): void {
    const arriving = Object.entries(values);
    if (this.#reversed) arriving.reverse();
    for (const key of Object.keys(this.#before)) if (!(key in values)) this.#store.delete(key);
    for (const [key, value] of arriving) if (this.#before[key] !== value) this.#store.put(key, value);
    this.#before = values;
  }

  async render(variant: Variant, templates: Templates) {
    const { targets, live } = await this.#service(variant, templates);
    const renderings = targets.map((target) => target.render(this.#store.snapshot(), filesOf(target, live)));
    const files = renderings.flatMap(({ bundle }) => bundle?.files.map(({ name, text }) => ({ name, text })) ?? []);
    for (const { name, text } of files) live.set(name, text);
    return { files, diagnostics: renderings.flatMap(({ diagnostics }) => diagnostics) };
  }

  async #service({ node, bird, layout, name, settings }: Variant, templates: Templates): Promise<Service> {
    const id = `${node}/${name}`;
    const known = this.#services.get(id);
    if (known) return known;
    const decoder = this.#decoders.get(node) ?? this.#decoder.forNode(node);
    const texts = await templates.of(bird);
    const { ownAddresses, allowCustomFilters, data } = settings;
    const options = {
      self: selfOf(settings),
      flavour: bird,
      layout,
      templates: texts.v3,
      version: VERSION,
      lastGood: new Map(),
      v1: { templates: texts.v1, data, ownAddresses, allowCustomFilters },
      decoder,
      render: this.#render,
    };
    const targets = bgpTargets(options, { output: this.#scenario.dir, ...settings.daemons });
    const service = { targets, live: new Map(this.#scenario.live) };
    if (this.#scenario.steps.length > 1) {
      this.#decoders.set(node, decoder);
      this.#services.set(id, service);
    }
    return service;
  }
}

const told = (diagnostics: readonly Diagnostic[]): string =>
  sortDiagnostics(diagnostics).map(formatDiagnostic).join('\n');

/**
 * Renders every step, node, dialect, layout and release of a case, in this order, each from two orders of arrival unless `once` is said. What was handed out is not kept, so a case may be larger than the memory. Pure but for reading templates; rejects with a UsageError where the
 * case has no node, asks for what is no setting, or a template cannot be rendered.
 */
export async function* renderScenario(
  scenario: Scenario,
  templates: Templates,
  { once = false }: { readonly once?: boolean } = {},
): AsyncGenerator<Rendered> {
  const nodes = nodesOf(scenario);
  const render = new RenderedOnce(renderFamily);
  const world = new World(scenario, render.first, { reversed: false });
  const opposite = once ? null : new World(scenario, render.second, { reversed: true });
  await Promise.all([world.start(nodes), opposite?.start(nodes)]);
  for (const step of scenario.steps) {
    world.take(step);
    opposite?.take(step);
    for (const node of nodes) {
      for (const variant of await variantsOf(scenario, node)) {
        const failed = (error: unknown) => {
          throw new UsageError(`${node} (${variant.name}) cannot be rendered: ${messageOf(error)}`, { cause: error });
        };
        const { files, diagnostics } = await world.render(variant, templates).catch(failed);
        const again = (await opposite?.render(variant, templates).catch(failed)) ?? null;
        const unstable = files.filter(({ text }, i) => again && again.files[i]?.text !== text).map(({ name }) => name);
        if (again && told(diagnostics) !== told(again.diagnostics)) unstable.push('diagnostics');
        yield {
          step: step.file,
          out: step.out,
          node,
          bird: variant.bird,
          layout: variant.layout,
          folder: `${step.out}/${node}/${variant.name}`,
          files,
          diagnostics: [...step.diagnostics, ...diagnostics],
          unstable,
        };
      }
    }
  }
}
