import { join } from 'node:path';
import type { FlavourName } from '../../src/bird/flavour.ts';
import { resourceKey } from '../../src/core/keys.ts';
import { parseTypedCidr } from '../../src/datamodel/values.ts';
import { readTemplates } from '../../src/host/read-templates.ts';
import { Environment } from '../../src/render/environment.ts';
import type { Layout } from '../../src/render/view.ts';
import { countOf, crowd, type HostileValue, singles } from './batch.ts';
import { birdJudge } from './bird-verdict.ts';
import { bisect } from './bisect.ts';
import { fieldAt } from './fields.ts';
import { type Originals, readOriginals } from './originals.ts';
import { type Random, randomOf } from './random.ts';
import { type Entry, passwordFile, SELF, SERVICE_RANGES, SURROUNDINGS, subjectOf } from './subjects.ts';
import { type Bench, type Fault, type Setting, settingOf, tryBatch, validShapes } from './try-batch.ts';

export interface FuzzOptions {
  /** The project's folder, with templates/ and fixtures/. */
  readonly root: string;
  readonly seed: number;
  /** How many hostile values at least. */
  readonly values: number;
  /** Ends it earlier. Infinity: it does not. */
  readonly seconds: number;
  /** Called after every batch. */
  readonly onProgress: (values: number) => void;
}

/** A fault, with the fewest values that show it. */
export interface Finding {
  readonly kind: Fault['kind'] | 'slow';
  readonly detail: string;
  readonly values: readonly HostileValue[];
}

export interface FuzzReport {
  readonly values: number;
  /** How many of them are bad for certain, each of which a Diagnostic must name. */
  readonly bad: number;
  readonly batches: number;
  readonly birdRuns: number;
  readonly seconds: number;
  readonly findings: readonly Finding[];
  /** The value that took longest by itself. */
  readonly slowest: { readonly ms: number; readonly value: HostileValue } | null;
}

const VARIANTS = (['1.6', 'calico'] as const satisfies readonly FlavourName[]).flatMap((flavour) =>
  (['single', 'calico'] as const satisfies readonly Layout[]).map((layout) => ({ flavour, layout })),
);
/** Each has both flavours and both layouts. */
const PAIRS = [
  [VARIANTS[0]!, VARIANTS[3]!],
  [VARIANTS[1]!, VARIANTS[2]!],
] as const;
const CROWD_SIZE = 400;
const MAX_FINDINGS = 12;
/** A value may take so long, and so much more for each KiB: four bytes that name a filter make a line of configuration. */
const SLOW_MS = 100;
const SLOW_MS_PER_KIB = 5;
/** What takes less than this, for all values of a group or a batch, holds no slow one. */
const SLOW_GROUP_MS = 60;
const SLOW_BATCH_MS = 400;

const RELEASES = [null, ...[26, 28, 31, 32, 33].map((minor) => ({ minor, patch: 0 }))];

const anySelf = (random: Random): Setting['self'] =>
  settingOf({
    release: random.pick(RELEASES),
    usePodCidr: random.chance(0.1),
    routerId: random.pick([null, null, 'hash', '192.0.2.1']),
    clusterIps: random.chance(0.1) ? parseTypedCidr('203.0.113.0/24') : null,
    passwords: { namespace: 'kube-system', allowMissing: random.chance(0.3) },
  });

/** Everything valid that the originals can be, in clusters of a few: what statements may look like. */
function validClusters(originals: Originals): readonly (readonly Entry[])[] {
  const around = [...SURROUNDINGS, SERVICE_RANGES];
  const clusters: Entry[][] = [];
  /** By the fields that they have: the values behind them change no shape. */
  const own = new Map<string, unknown>();
  for (const [kind, values] of originals) {
    // A cluster has one BGPConfiguration and one own Node; of all else there can be many.
    const size = kind === 'BGPConfiguration' ? 1 : 50;
    for (const [i, value] of values.entries()) {
      const { key, base, beside } = subjectOf(kind, value, i, 'default');
      if (i % size === 0) clusters.push([...around]);
      clusters.at(-1)?.push(...beside, [key, JSON.stringify(base)]);
      if (kind === 'Node') own.set(Object.keys(Object(fieldAt(base, ['spec', 'bgp']))).join(), base);
    }
  }
  for (const base of own.values()) clusters.push([...around, [resourceKey('Node', SELF), JSON.stringify(base)]]);
  const { key, beside } = passwordFile(0);
  return [...clusters, [...SURROUNDINGS, ...beside, [key, 'secret']]];
}

/** Feeds hostile values to birdconfd, many at a time, until there are enough; a fault is brought down to the values that cause it. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { root, seed, values: wanted, seconds, onProgress } = options;
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const random = randomOf(seed);
  const originals = await readOriginals(join(root, 'fixtures'), seed);
  const templates = await readTemplates(join(root, 'templates'), 'bird1');
  const environment = new Environment(templates);
  const settings = [null, 31, 32].map((minor) => settingOf({ release: minor === null ? null : { minor, patch: 0 } }));
  const shapes = validShapes(environment, validClusters(originals), settings);
  const bird = birdJudge();
  const bench: Bench = { templates, environment, bird, shapes };
  const findings: Finding[] = [];
  let slowest: FuzzReport['slowest'] = null;
  let [count, bad, batches] = [0, 0, 0];

  const judge = (around: readonly Entry[], batch: readonly HostileValue[], setting: Setting) => {
    let rest = batch;
    for (let trial = tryBatch(bench, around, rest, setting); ; trial = tryBatch(bench, around, rest, setting)) {
      const { fault, costs, buildMs } = trial;
      for (const { values, ms } of costs) if (ms > SLOW_GROUP_MS) for (const value of values) timeAlone(value);
      if (!fault) return buildMs > SLOW_BATCH_MS ? rest.forEach(timeAlone) : undefined;
      const alike = (some: readonly HostileValue[]) =>
        tryBatch(bench, around, some, setting).fault?.kind === fault.kind;
      const guilty = fault.value ? [fault.value] : bisect(rest, alike);
      findings.push({
        kind: fault.kind,
        detail: tryBatch(bench, around, guilty, setting).fault?.detail ?? fault.detail,
        values: guilty,
      });
      rest = rest.filter((value) => !guilty.includes(value));
      if (findings.length >= MAX_FINDINGS) return undefined;
    }
  };
  const limitMs = (value: HostileValue) => SLOW_MS + (SLOW_MS_PER_KIB * value.source.length) / 1024;
  const timeAlone = (value: HostileValue) => {
    const setting: Setting = { self: settingOf({}), variants: VARIANTS.slice(0, 1), afterValid: false, again: false };
    const time = () => {
      const { costs, buildMs } = tryBatch(bench, SURROUNDINGS, [value], setting);
      return (costs[0]?.ms ?? 0) + buildMs;
    };
    // Twice more: a slow one is slow again, and another was only in the way of the collector of garbage.
    const ms = [time, time].reduce(
      (least, again) => (least > limitMs(value) ? Math.min(least, again()) : least),
      time(),
    );
    if (ms > (slowest?.ms ?? 0)) slowest = { ms, value };
    const isKnown = findings.some(({ kind, values }) => kind === 'slow' && values[0]?.what === value.what);
    if (ms > limitMs(value) && !isKnown) findings.push({ kind: 'slow', detail: `${ms.toFixed()} ms`, values: [value] });
  };

  try {
    while (count < wanted && elapsed() < seconds && findings.length < MAX_FINDINGS) {
      const isCrowd = batches % 4 === 0;
      const batch = isCrowd ? await crowd(originals, Math.min(CROWD_SIZE, wanted), random) : singles(originals, random);
      const setting: Setting = {
        self: anySelf(random),
        variants: isCrowd ? random.pick(PAIRS) : [random.pick(VARIANTS)],
        afterValid: random.chance(isCrowd ? 0.5 : 0.8),
        again: random.chance(isCrowd ? 0.25 : 0.1),
      };
      judge(isCrowd ? [...SURROUNDINGS, SERVICE_RANGES] : SURROUNDINGS, batch, setting);
      count += countOf(batch);
      bad += batch.reduce((sum, { told }) => sum + told.length, 0);
      onProgress(count);
      batches++;
    }
  } finally {
    bird.close();
  }
  return { values: count, bad, batches, birdRuns: bird.runs, seconds: elapsed(), findings, slowest };
}
