import type { Diagnostic } from '../core/diagnostic.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import { byBytes } from '../core/order.ts';
import { compareOutput } from './compare-output.ts';
import type { DataSet } from './data-set.ts';
import { type Rendered, renderScenario } from './render-scenario.ts';
import type { CaseReport, DiagnosticsReport, OutputReport } from './report.ts';
import { diagnosticLines } from './run-case.ts';
import type { Scenario } from './scenario.ts';
import type { Templates } from './templates.ts';

/** One of the two sides of a comparison. */
export interface Side {
  readonly data: DataSet;
  readonly templates: Templates;
}

interface Waiting {
  before: Rendered | null;
  after: Rendered | null;
}

const outputs = (scenario: Scenario | null, { templates }: Side): AsyncGenerator<Rendered> | null =>
  scenario && renderScenario(scenario, templates, { once: true });

/** Both sides of one case, output by output; an output is let go as soon as its partner has come. */
async function* pairs(
  before: AsyncGenerator<Rendered> | null,
  after: AsyncGenerator<Rendered> | null,
): AsyncGenerator<Waiting> {
  const waiting = new Map<string, Waiting>();
  const streams: readonly (readonly [keyof Waiting, AsyncGenerator<Rendered> | null])[] = [
    ['before', before],
    ['after', after],
  ];
  let open = streams;
  while (open.length > 0) {
    const ended = new Set<keyof Waiting>();
    for (const [side, stream] of open) {
      const next = (await stream?.next()) ?? { done: true as const };
      if (next.done) {
        ended.add(side);
        continue;
      }
      const id = next.value.folder;
      const pair = waiting.get(id) ?? { before: null, after: null };
      pair[side] = next.value;
      waiting.set(id, pair);
      if (pair.before && pair.after) {
        waiting.delete(id);
        yield pair;
      }
    }
    open = open.filter(([side]) => !ended.has(side));
  }
  yield* waiting.values();
}

function diagnosticsOf(
  place: Rendered,
  before: readonly Diagnostic[],
  after: readonly Diagnostic[],
): DiagnosticsReport {
  const [old, now] = [before, after].map(diagnosticLines);
  const has = (lines: typeof old, one: object) => lines?.some((each) => JSON.stringify(each) === JSON.stringify(one));
  const added = now?.filter((line) => !has(old, line)) ?? [];
  const removed = old?.filter((line) => !has(now, line)) ?? [];
  const { step, out, node } = place;
  const status = added.length + removed.length === 0 ? 'passed' : 'failed';
  const unchanged = now?.filter((line) => has(old, line)) ?? [];
  return { step, out, node, path: `${out}/${node}/diagnostics.yaml`, status, added, removed, unchanged };
}

const byPlace = (a: OutputReport, b: OutputReport): number =>
  byBytes(a.out, b.out) || byBytes(a.node, b.node) || byBytes(a.bird, b.bird) || byBytes(a.layout, b.layout);

async function compareCase(
  name: string,
  before: Scenario | null,
  after: Scenario | null,
  sides: readonly [Side, Side],
  details: 'all' | 'differences',
): Promise<CaseReport> {
  const began = performance.now();
  const found: OutputReport[] = [];
  const diagnostics: DiagnosticsReport[] = [];
  for await (const pair of pairs(outputs(before, sides[0]), outputs(after, sides[1]))) {
    const place = pair.after ?? pair.before;
    if (!place) continue;
    const output = compareOutput(place, pair.before?.files ?? null, pair.after?.files ?? null, details);
    found.push(output);
    const told = diagnosticsOf(place, pair.before?.diagnostics ?? [], pair.after?.diagnostics ?? []);
    if (told.status !== 'passed') diagnostics.push(told);
  }
  const isSame = diagnostics.length === 0 && found.every(({ status }) => status === 'passed');
  return {
    name,
    about: (after ?? before)?.about ?? '',
    status: isSame ? 'passed' : 'failed',
    faults: [],
    outputs: found.sort(byPlace),
    diagnostics,
    durationMs: performance.now() - began,
  };
}

/**
 * Every case of either side, rendered by both, in the order of the cases; one that only one side has is all new or all gone. Rejects with a
 * UsageError that names the case where one cannot be rendered.
 */
export async function* compareSets(
  sides: readonly [Side, Side],
  details: 'all' | 'differences',
): AsyncGenerator<CaseReport> {
  const [before, after] = sides;
  for (const name of [...new Set([...before.data.keys(), ...after.data.keys()])].sort(byBytes)) {
    try {
      const [old, now] = await Promise.all([before.data.get(name)?.() ?? null, after.data.get(name)?.() ?? null]);
      yield await compareCase(name, old, now, sides, details);
    } catch (error) {
      throw new UsageError(`${name}: ${messageOf(error)}`, { cause: error });
    }
  }
}
