import { bgpTargets, selfOf } from '../bgp-targets.ts';
import { FLAVOURS } from '../bird/flavour.ts';
import { type Diagnostic, formatDiagnostic, hasErrors, sortDiagnostics } from '../core/diagnostic.ts';
import { UsageError } from '../core/errors.ts';
import { prefixesFor, resourceName, resourcePrefix, splitKey, V1_HOSTS } from '../core/keys.ts';
import type { NamedText } from '../core/named-text.ts';
import { byBytes } from '../core/order.ts';
import { isResourceName } from '../datamodel/values.ts';
import { MemoryDatastore } from '../datastore/memory.ts';
import { type LayoutTemplates, readLayoutTemplates } from '../host/layout-templates.ts';
import type { Layout } from '../render/view.ts';
import { resolveSettings } from '../settings.ts';
import type { Target } from '../targets.ts';
import type { Scenario, Step } from './scenario.ts';

/** What a case gives: path below the case folder → text, and the exit code that `render` would have. */
export interface CaseResult {
  readonly files: ReadonlyMap<string, string>;
  readonly exit: number;
  /** Paths whose bytes depend on the order in which the data arrived: always a bug. */
  readonly unstable: readonly string[];
}

/** Stands in the goldens' headers, so that a release does not change them all. */
const VERSION = 'golden';

interface Variant {
  readonly node: string;
  readonly bird: Scenario['birds'][number];
  readonly layout: Layout;
}

function nodesOf(scenario: Scenario): readonly string[] {
  if (scenario.nodes !== 'all') return scenario.nodes;
  const keys = scenario.steps.flatMap((step) => Object.keys(step.values));
  const names = keys.filter((key) => key.startsWith(resourcePrefix('Node'))).map((key) => resourceName('Node', key));
  const hosts = keys.filter((key) => key.startsWith(V1_HOSTS)).map((key) => splitKey(V1_HOSTS, key).first);
  const nodes = [
    ...new Set([...names, ...hosts].filter((name): name is string => name !== null && isResourceName(name))),
  ].sort(byBytes);
  if (nodes.length === 0) throw new UsageError('the case has no Node, so it renders nothing');
  return nodes;
}

/** What `readLive` would find of a target's files. */
function filesOf({ fileNames }: Target, live: ReadonlyMap<string, string>): readonly NamedText[] | null {
  const files = fileNames.flatMap((name) => {
    const text = live.get(name);
    return text === undefined ? [] : [{ name, text }];
  });
  return files.length === fileNames.length ? files : null;
}

/** The case's steps through one node's targets, as a running service would see them. */
async function runVariant(scenario: Scenario, variant: Variant, texts: LayoutTemplates, steps: readonly Step[]) {
  const { node, bird, layout } = variant;
  const flags = { datastore: 'files', input: [scenario.dir], node, layout, bird, 'calico-release': scenario.release };
  const settings = await resolveSettings(flags, scenario.env);
  const { ownAddresses, allowCustomFilters } = settings;
  const options = {
    self: selfOf(settings),
    flavour: bird,
    layout,
    templates: texts.v3,
    version: VERSION,
    lastGood: new Map(),
    v1: { templates: texts.v1, data: settings.data, ownAddresses, allowCustomFilters },
  };
  const targets = bgpTargets(options, { output: scenario.dir, ...settings.daemons });
  const store = new MemoryDatastore();
  await store.start(prefixesFor(settings.nodeName), () => {}, new AbortController().signal);
  const results: { step: Step; files: Map<string, string>; diagnostics: readonly Diagnostic[] }[] = [];
  const live = new Map(scenario.live);
  let before: Readonly<Record<string, string>> = {};
  for (const step of steps) {
    for (const key of Object.keys(before)) if (!(key in step.values)) store.delete(key);
    for (const [key, value] of Object.entries(step.values)) if (before[key] !== value) store.put(key, value);
    before = step.values;
    const renderings = targets.map((target) => target.render(store.snapshot(), filesOf(target, live)));
    const files = renderings.flatMap(({ bundle }) => bundle?.files ?? []);
    for (const { name, text } of files) live.set(name, text);
    const folder = `${step.out}/${node}/${bird}-${layout}`;
    results.push({
      step,
      files: new Map(files.map((file) => [`${folder}/${file.name}`, file.text])),
      diagnostics: [...step.diagnostics, ...renderings.flatMap(({ diagnostics }) => diagnostics)],
    });
  }
  return results;
}

/** The same step with its keys in the opposite order of arrival. */
const reversed = (step: Step): Step => ({ ...step, values: Object.fromEntries(Object.entries(step.values).reverse()) });

/** Renders every node, dialect, layout and step of a case, each twice from different orders of arrival. Pure but for reading templates. */
export async function runCase(
  scenario: Scenario,
  templates: string,
  overlay: string | null = null,
): Promise<CaseResult> {
  const files = new Map<string, string>();
  const unstable: string[] = [];
  const byNode = new Map<string, Diagnostic[]>();
  for (const node of nodesOf(scenario)) {
    for (const bird of scenario.birds) {
      const texts = await readLayoutTemplates(templates, FLAVOURS[bird].templates, overlay);
      for (const layout of scenario.layouts) {
        const variant = { node, bird, layout };
        const results = await runVariant(scenario, variant, texts, scenario.steps);
        const again = await runVariant(scenario, variant, texts, scenario.steps.map(reversed));
        for (const [i, { step, files: rendered, diagnostics }] of results.entries()) {
          for (const [path, text] of rendered) {
            files.set(path, text);
            if (again[i]?.files.get(path) !== text) unstable.push(path);
          }
          const place = `${step.out}/${node}`;
          if (told(diagnostics) !== told(again[i]?.diagnostics ?? [])) unstable.push(`${place}/diagnostics.yaml`);
          byNode.set(place, [...(byNode.get(place) ?? []), ...diagnostics]);
        }
      }
    }
  }
  for (const [place, diagnostics] of byNode) {
    if (diagnostics.length > 0) files.set(`${place}/diagnostics.yaml`, await diagnosticsText(diagnostics));
  }
  return { files, unstable, exit: [...byNode.values()].some(hasErrors) ? 3 : 0 };
}

const told = (diagnostics: readonly Diagnostic[]): string =>
  sortDiagnostics(diagnostics).map(formatDiagnostic).join('\n');

async function diagnosticsText(diagnostics: readonly Diagnostic[]): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(
    sortDiagnostics(diagnostics).map(({ severity, code, key, path }) => ({ severity, code, key, path })),
    { aliasDuplicateObjects: false },
  );
}
