import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prepareTargets } from '../../src/cli/prepare-bgp.ts';
import { prefixesFor } from '../../src/core/keys.ts';
import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { repair } from '../../src/pass/repair.ts';
import type { Layout } from '../../src/render/view.ts';
import { type MakeTargets, prepare } from '../../src/service/prepare.ts';
import { resolveSettings } from '../../src/settings.ts';
import { anyCluster } from '../bgp/any-cluster.ts';
import { HOSTILE } from '../datamodel/hostile-strings.ts';
import { information } from '../support/cluster.ts';

const RUNS = 100;

type Entries = readonly (readonly [key: string, value: string])[];

const settingsFor = (dir: string, layout: Layout) => {
  const socket = join(dir, 'nobody.ctl');
  const flags = { layout, bird: '1.6', check: 'none', node: 'self', output: join(dir, 'etc'), 'accept-takeover': true };
  return resolveSettings({ ...flags, 'bird-socket': socket, 'bird6-socket': socket }, {});
};

async function storeOf(entries: Entries, signal: AbortSignal): Promise<MemoryDatastore> {
  const store = new MemoryDatastore(Object.fromEntries(entries));
  await store.start(prefixesFor('self'), () => {}, signal);
  return store;
}

/** One life of the service, its BIRDs absent: a pass over both targets for each of the stages, in which these entries change. */
async function live(dir: string, layout: Layout, stages: readonly Entries[]): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  const makeTargets: MakeTargets = (settings, known) => prepareTargets(settings, { ...known, runsBird: true });
  const { all } = await prepare(await settingsFor(dir, layout), makeTargets, () => {});
  for (const { target, place } of all) await repair(target, place, () => {}, signal);
  const store = await storeOf(stages[0] ?? [], signal);
  for (const entries of stages) {
    for (const [key, value] of entries) store.put(key, value);
    for (const one of all) await one.pass(() => store.snapshot(), { isQuiet: true, signal });
  }
  over.abort();
}

/** The files' texts as a node renders them that has no ledger; null where it may write none. */
async function withoutLedger(dir: string, layout: Layout, entries: Entries): Promise<readonly (string | null)[]> {
  const targets = await prepareTargets(await settingsFor(dir, layout), { lastGood: new Map(), runsBird: true });
  const snapshot = (await storeOf(entries, new AbortController().signal)).snapshot();
  const bundles = targets.map((target) => ({ target, bundle: target.render(snapshot, null).bundle }));
  return bundles.flatMap(({ target, bundle }) => target.fileNames.map((_, i) => bundle?.files[i]?.text ?? null));
}

/** The files' texts, those of one target after the other's; null where none is. */
const textsIn = (dir: string, layout: Layout): Promise<readonly (string | null)[]> => {
  const parts = layout === 'single' ? ['.conf'] : ['.cfg', '_aggr.cfg', '_ipam.cfg'];
  const names = ['bird', 'bird6'].flatMap((daemon) => parts.map((part) => `${daemon}${part}`));
  return Promise.all(names.map((name) => readFile(join(dir, 'etc', name), 'utf8').catch(() => null)));
};

/** What an operator's mistake may make of a value: cut short, emptied, or with text in one field that does not belong there. */
const mistake = fc.oneof(
  fc.double({ min: 0, max: 0.99, noNaN: true }).map((share) => (value: string) => value.slice(0, value.length * share)),
  fc.constantFrom('', '{}', 'null', '[]').map((text) => () => text),
  fc.tuple(fc.nat(), fc.constantFrom(...HOSTILE)).map(([nth, text]) => (value: string) => {
    const parsed = JSON.parse(value);
    const fields = parsed.spec?.bgp ?? parsed.spec ?? parsed;
    const names = Object.keys(fields);
    fields[names[nth % names.length] ?? 'name'] = text;
    return JSON.stringify(parsed);
  }),
);

/** A valid cluster, then the mistakes: some are made in values that were in effect, some in values that never were. */
const story = anyCluster.chain((valid) =>
  fc
    .array(fc.record({ of: fc.nat(valid.length - 1), mistake, isFirst: fc.boolean() }), { minLength: 1, maxLength: 5 })
    .map((mistakes) => {
      const broken = (isFirst: boolean): Entries =>
        mistakes
          .filter((each) => each.isFirst === isFirst)
          .map(({ of, mistake }) => [valid[of]![0], mistake(valid[of]![1])] as const);
      const begin = [...new Map([information('v3.33.0'), ...valid, ...broken(true)])];
      return { begin, later: broken(false) };
    }),
);

describe('a restart with unchanged data', () => {
  it('never changes a byte, whatever is wrong with them', async () => {
    let remembered = 0;
    const property = fc.asyncProperty(story, fc.constantFrom('single', 'calico'), async ({ begin, later }, layout) => {
      const dir = await mkdtemp(join(tmpdir(), 'birdconfd-restart-'));
      try {
        await live(dir, layout, [begin, later]);
        const before = await textsIn(dir, layout);
        const final = [...new Map([...begin, ...later])];
        await live(dir, layout, [final, []]);
        expect(await textsIn(dir, layout)).toEqual(before);
        if (!isDeepStrictEqual(await withoutLedger(dir, layout, final), before)) remembered++;
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    });
    await fc.assert(property, { numRuns: RUNS });
    // Without what the ledger keeps, a third of them would be other files: were there none, this would prove nothing.
    expect(remembered).toBeGreaterThan(RUNS / 10);
  }, 120_000);
});
