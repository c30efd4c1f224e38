import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prepareTargets } from '../../src/cli/prepare-bgp.ts';
import { prefixesFor } from '../../src/core/keys.ts';
import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { repair } from '../../src/pass/repair.ts';
import type { Layout } from '../../src/render/view.ts';
import { prepare } from '../../src/service/prepare.ts';
import { resolveSettings } from '../../src/settings.ts';
import { anyCluster } from '../bgp/any-cluster.ts';
import { HOSTILE } from '../datamodel/hostile-strings.ts';
import { information } from '../support/cluster.ts';

const RUNS = 100;

type Entries = readonly (readonly [key: string, value: string])[];

/** One life of the service over `entries`, its BIRDs absent: two passes over both targets. */
async function live(dir: string, layout: Layout, stages: readonly Entries[]): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  const socket = join(dir, 'nobody.ctl');
  const flags = { layout, bird: '1.6', check: 'none', node: 'self', output: join(dir, 'etc'), acceptTakeover: true };
  const settings = await resolveSettings({ ...flags, birdSocket: socket, bird6Socket: socket }, {});
  const all = await prepare(
    settings,
    (s, lastGood) => prepareTargets(s, { lastGood, runsBird: true }),
    () => {},
  );
  for (const { target, place } of all) await repair(target, place, () => {}, signal);
  const store = new MemoryDatastore(Object.fromEntries(stages[0] ?? []));
  await store.start(prefixesFor('self'), () => {}, signal);
  for (const entries of stages) {
    for (const [key, value] of entries) store.put(key, value);
    for (const one of all) await one.pass(() => store.snapshot(), { isQuiet: true, signal });
  }
  over.abort();
}

/** The files' bytes; null where none is. */
const bytesIn = (dir: string, layout: Layout): Promise<readonly (Buffer | null)[]> => {
  const parts = layout === 'single' ? ['.conf'] : ['.cfg', '_aggr.cfg', '_ipam.cfg'];
  const names = ['bird', 'bird6'].flatMap((daemon) => parts.map((part) => `${daemon}${part}`));
  return Promise.all(names.map((name) => readFile(join(dir, 'etc', name)).catch(() => null)));
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
      const root = await mkdtemp(join(tmpdir(), 'birdconfd-restart-'));
      try {
        const [dir, fresh] = [join(root, 'a'), join(root, 'b')];
        await live(dir, layout, [begin, later]);
        const before = await bytesIn(dir, layout);
        const final = [...new Map([...begin, ...later])];
        for (let restarts = 0; restarts < 2; restarts++) {
          await live(dir, layout, [final]);
          expect(await bytesIn(dir, layout)).toEqual(before);
        }
        await live(fresh, layout, [final]);
        if ((await bytesIn(fresh, layout)).some((bytes, i) => !bytes || !before[i]?.equals(bytes))) remembered++;
      } finally {
        await rm(root, { recursive: true, force: true });
      }
    });
    await fc.assert(property, { numRuns: RUNS });
    // Without what the ledger keeps, many of them would be other files: otherwise this would prove nothing.
    expect(remembered).toBeGreaterThan(RUNS / 5);
  }, 120_000);
});
