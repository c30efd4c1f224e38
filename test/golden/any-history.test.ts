import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildNodeBgp } from '../../src/bgp/node-bgp.ts';
import { LiveFiles } from '../../src/bird/live-files.ts';
import { formatDiagnostic, sortDiagnostics } from '../../src/core/diagnostic.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { EMPTY_RECORD, type LedgerRecord } from '../../src/host/ledger.ts';
import { builtInTemplates, readTemplates } from '../../src/host/read-templates.ts';
import { Environment } from '../../src/render/environment.ts';
import { renderFamily } from '../../src/render/render-family.ts';
import { anyGuardedCluster, anyGuardedEntry } from '../bgp/any-cluster.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { selfFor } from '../support/self.ts';

const RUNS = 1000;
const TIMEOUT_MS = 240_000;
const SELF = selfFor('self');
const RENDER = { layout: 'single', version: 'test' } as const;
// One for all: compiling the templates costs more than hundreds of passes.
const environment = new Environment(await readTemplates(builtInTemplates(), 'bird1'));

/** What outlasts a process: the data, the files, and the ledger as it lies on disk. */
class Machine {
  readonly data: Map<string, string>;
  files: Readonly<Record<number, string>> = {};
  ledger = JSON.stringify(EMPTY_RECORD);

  constructor(entries: Iterable<readonly [string, string]>) {
    this.data = new Map(entries);
  }

  /** A process that begins from what lies there: it is told what changes, and each pass writes what it renders. */
  start() {
    const record: LedgerRecord = JSON.parse(this.ledger);
    const decoder = new ResourcesDecoder('self', new Map(Object.entries(record.lastGood)));
    const store = new TestStore('self', this.data);
    return {
      set: (key: string, value: string | null) => {
        if (value === null) this.data.delete(key);
        else this.data.set(key, value);
        if (value === null) store.delete(key);
        else store.put(key, value);
      },
      pass: () => this.#pass(decoder.decode(store.snapshot())),
    };
  }

  #pass(decoded: ReturnType<ResourcesDecoder['decode']>) {
    const { value, diagnostics } = buildNodeBgp(decoded, SELF);
    const told = [...decoded.diagnostics, ...diagnostics];
    const kept: string[] = [];
    for (const family of value ? ([4, 6] as const) : []) {
      const text = this.files[family];
      const built = value!.family(family, text === undefined ? null : new LiveFiles([text]));
      this.files = { ...this.files, [family]: renderFamily(environment, built.value, RENDER).files[0].text };
      told.push(...built.diagnostics);
      kept.push(...built.kept);
    }
    this.ledger = JSON.stringify({ ...EMPTY_RECORD, lastGood: Object.fromEntries(decoded.lastGood) });
    return { files: this.files, kept, told: sortDiagnostics(told).map(formatDiagnostic) };
  }
}

/** A value that is none, or one with a fault inside. */
const broken = (value: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    '',
    '{',
    '{"spec":1}',
    '[]',
    value.replace(/"spec":\{/, '"spec":{"asNumber":"x","peerIP":"y","importV4":[{}],'),
  );

/** What becomes of one entry: put (there or not yet), spoiled, or removed. */
const anyChange = anyGuardedEntry.chain(([key, value]) =>
  fc.oneof(
    fc.constant([key, value] as const),
    broken(value).map((text) => [key, text] as const),
    fc.constant([key, null] as const),
  ),
);

describe('any cluster', () => {
  it(
    'of which something is removed and added again ends at the same bytes',
    () => {
      fc.assert(
        fc.property(anyGuardedCluster, fc.nat(), (entries, n) => {
          const machine = new Machine(entries);
          const { set, pass } = machine.start();
          const before = pass();
          const [key, value] = entries[n % entries.length]!;
          set(key, null);
          pass();
          set(key, value);
          expect(pass()).toEqual(before);
        }),
        { numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );

  it(
    'is rendered alike by a process that starts now, whatever happened before, also to values that are invalid',
    () => {
      let invalid = 0;
      let kept = 0;
      fc.assert(
        fc.property(
          anyGuardedCluster,
          fc.array(fc.array(anyChange, { maxLength: 3 }), { maxLength: 6 }),
          (entries, steps) => {
            const machine = new Machine(entries);
            const running = machine.start();
            running.pass();
            for (const changes of steps) {
              for (const [key, value] of changes) running.set(key, value);
              const before = running.pass();
              if (before.told.some((text) => text.startsWith('error invalid'))) invalid++;
              kept += before.kept.length;
              const again = new Machine(machine.data);
              Object.assign(again, { files: machine.files, ledger: machine.ledger });
              expect(again.start().pass()).toEqual(before);
            }
          },
        ),
        { numRuns: RUNS },
      );
      expect(invalid).toBeGreaterThan(RUNS / 4);
      expect(kept).toBeGreaterThan(RUNS / 20);
    },
    TIMEOUT_MS,
  );
});
