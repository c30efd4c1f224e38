import { buildNodeBgp, type Self } from '../../src/bgp/node-bgp.ts';
import { bgpTargets } from '../../src/bgp-targets.ts';
import { FLAVOURS, type FlavourName } from '../../src/bird/flavour.ts';
import { type Diagnostic, formatDiagnostic } from '../../src/core/diagnostic.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import type { Environment, TemplateTexts } from '../../src/render/environment.ts';
import { daemonOf, renderFamily } from '../../src/render/render-family.ts';
import type { Layout } from '../../src/render/view.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { selfFor } from '../support/self.ts';
import type { HostileValue } from './batch.ts';
import type { BirdJudge } from './bird-verdict.ts';
import { injected, shapesOf } from './injection.ts';
import { type Entry, SELF } from './subjects.ts';

/** How the node that renders is set up. */
export interface Setting {
  readonly self: Omit<Self, 'kernelTunnel'>;
  readonly variants: readonly { readonly flavour: FlavourName; readonly layout: Layout }[];
  /** The valid forms of the values are there first, so that bad ones have a last valid value. */
  readonly afterValid: boolean;
  /** Rendered once more, by fresh targets from the ledger's values and in the opposite order of arrival. */
  readonly again: boolean;
}

export interface Fault {
  readonly kind: 'crash' | 'refused' | 'injected' | 'unnamed' | 'unstable';
  readonly detail: string;
  /** The value that is at fault, where that is known at once. */
  readonly value: HostileValue | null;
}

/** What it took to decode a few values. */
export interface Cost {
  readonly values: readonly HostileValue[];
  readonly ms: number;
}

export interface Trial {
  readonly fault: Fault | null;
  readonly costs: readonly Cost[];
  /** Building and rendering everything once. */
  readonly buildMs: number;
}

/** Values are decoded so many at a time. */
const GROUP = 20;

/** What all trials share. */
export interface Bench {
  readonly templates: TemplateTexts;
  readonly environment: Environment;
  readonly bird: BirdJudge;
  /** What valid data give, by shape. */
  readonly shapes: ReadonlySet<string>;
}

export const settingOf = (overrides: Partial<Setting['self']>): Setting['self'] => {
  const { kernelTunnel: _, ...self } = selfFor(SELF, overrides);
  return self;
};

/** Feeds the values to one node and judges what comes out; the first fault that is found ends it. */
export function tryBatch(
  bench: Bench,
  around: readonly Entry[],
  values: readonly HostileValue[],
  setting: Setting,
): Trial {
  const costs: Cost[] = [];
  let buildMs = 0;
  const fault = (kind: Fault['kind'], detail: string, value: HostileValue | null = null): Trial => ({
    fault: { kind, detail, value },
    costs,
    buildMs,
  });
  try {
    const store = new TestStore(SELF, [...around, ...values.flatMap(({ beside }) => beside)]);
    const decoder = new ResourcesDecoder(SELF, new Map());
    if (setting.afterValid) for (const { before } of values) if (before) store.put(...before);
    decoder.decode(store.snapshot());
    for (let at = 0; at < values.length; at += GROUP) {
      const group = values.slice(at, at + GROUP);
      for (const { entries } of group) for (const entry of entries) store.put(...entry);
      const start = cpuMs();
      decoder.decode(store.snapshot());
      costs.push({ values: group, ms: cpuMs() - start });
    }
    const decoded = decoder.decode(store.snapshot());
    let told: readonly Diagnostic[] = [...decoded.diagnostics, ...values.flatMap(({ diagnostics }) => diagnostics)];
    const texts = new Map<string, string>();
    for (const { flavour, layout } of setting.variants) {
      const start = cpuMs();
      const built = buildNodeBgp(decoded, { ...setting.self, kernelTunnel: FLAVOURS[flavour].kernelTunnel });
      const { value } = built;
      const families = value ? ([4, 6] as const).map((family) => [family, value.family(family, null)] as const) : [];
      told = [...told, ...built.diagnostics, ...families.flatMap(([, { diagnostics }]) => diagnostics)];
      const bundles = families.map(([family, bgp]) => {
        const bundle = renderFamily(bench.environment, bgp.value, { layout, version: 'fuzz' });
        return [family, bundle] as const;
      });
      buildMs = Math.max(buildMs, cpuMs() - start);
      for (const [family, bundle] of bundles) {
        const daemon = daemonOf({ family });
        const text = bundle.files.map((file) => file.text).join('');
        texts.set(`${flavour} ${layout} ${daemon}`, text);
        const foreign = injected(text, bench.shapes);
        if (foreign) return fault('injected', foreign);
        const refusal = bench.bird.refusal(daemon, bundle.files);
        if (refusal !== null) return fault('refused', `${flavour} ${layout}: ${refusal}`);
      }
    }
    for (const line of new Set(told.map(formatDiagnostic)))
      if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(line) || line.length > 4_000_000)
        return fault('injected', `a Diagnostic: ${line.slice(0, 300)}`);
    const silent = unnamed(values, told);
    if (silent) return fault('unnamed', `no Diagnostic at ${JSON.stringify(silent.place)}`, silent.value);
    const unlike = setting.again ? unstable(bench, around, values, setting, decoded.lastGood, texts) : null;
    return unlike ? fault('unstable', unlike) : { fault: null, costs, buildMs };
  } catch (error) {
    return fault('crash', stackOf(error));
  }
}

/** What this process has used of the processor: other programs do not count. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const stackOf = (error: unknown): string =>
  (error instanceof Error && error.stack?.split('\n').slice(0, 8).join('\n')) || String(error);

/** The first value that is bad for certain and of which nothing is told. */
function unnamed(values: readonly HostileValue[], told: readonly Diagnostic[]) {
  const byKey = new Map<string, Diagnostic[]>();
  for (const diagnostic of told) {
    const list = byKey.get(diagnostic.key);
    if (list) list.push(diagnostic);
    else byKey.set(diagnostic.key, [diagnostic]);
  }
  const isNamed = (wanted: HostileValue['told'][number]) =>
    (byKey.get(wanted.key) ?? []).some(({ path }) => {
      const length = Math.min(path.length, wanted.path.length);
      return wanted.path.slice(0, length).every((step, i) => step === path[i]);
    });
  for (const value of values) {
    const place = value.told.find((wanted) => !isNamed(wanted));
    if (place) return { value, place };
  }
  return null;
}

/** What another start from the same data would write otherwise; null when nothing. */
function unstable(
  { templates }: Bench,
  around: readonly Entry[],
  values: readonly HostileValue[],
  { self, variants }: Setting,
  lastGood: ReadonlyMap<string, string>,
  texts: ReadonlyMap<string, string>,
): string | null {
  const all = new Map([
    ...around,
    ...values.flatMap(({ beside }) => beside),
    ...values.flatMap(({ entries }) => entries),
  ]);
  const snapshot = new TestStore(SELF, [...all].reverse()).snapshot();
  const { flavour, layout } = variants[0]!;
  const daemon = { binary: 'bird', socket: '' };
  const daemons = { output: '', bird: daemon, bird6: daemon };
  for (const target of bgpTargets({ self, flavour, layout, templates, version: 'fuzz', lastGood }, daemons)) {
    const { bundle } = target.render(snapshot, null);
    const text = bundle?.files.map((file) => file.text).join('');
    if (text !== texts.get(`${flavour} ${layout} ${target.name}`)) return `${target.name}, ${flavour}, ${layout}`;
  }
  return null;
}

/** The shapes that valid data give, in every flavour; the other layout has them all but the includes, which one cluster shows. */
export function validShapes(
  environment: Environment,
  clusters: readonly (readonly Entry[])[],
  settings: readonly Setting['self'][],
): ReadonlySet<string> {
  const shapes = new Set<string>();
  for (const [i, cluster] of clusters.entries()) {
    const decoded = new ResourcesDecoder(SELF, new Map()).decode(new TestStore(SELF, cluster).snapshot());
    for (const self of settings) {
      for (const { kernelTunnel } of Object.values(FLAVOURS)) {
        const built = buildNodeBgp(decoded, { ...self, kernelTunnel });
        for (const family of built.value ? ([4, 6] as const) : []) {
          for (const layout of i === 0 ? (['single', 'calico'] as const) : (['single'] as const)) {
            const bundle = renderFamily(environment, built.value!.family(family, null).value, {
              layout,
              version: 'fuzz',
            });
            for (const file of bundle.files) for (const shape of shapesOf(file.text)) shapes.add(shape);
          }
        }
      }
    }
  }
  return shapes;
}
