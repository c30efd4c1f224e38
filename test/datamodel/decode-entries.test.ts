import { describe, expect, it } from 'vitest';
import { EntriesDecoder } from '../../src/datamodel/decode-entries.ts';
import { type Fault, INVALID } from '../../src/datamodel/field.ts';
import type { Entry } from '../../src/datastore/datastore.ts';

interface Thing {
  readonly key: string;
  readonly size: number;
}

/** A thing is `{"size": n}`; a negative one is a warning, one without a size is invalid. */
function decodeThing(key: string, value: unknown, faults: Fault[]): Thing | typeof INVALID {
  const size = typeof value === 'object' && value !== null && 'size' in value ? value.size : null;
  if (typeof size !== 'number') {
    faults.push({ severity: 'error', code: 'no-size', path: ['size'], message: 'no size' });
    return INVALID;
  }
  if (size < 0) faults.push({ severity: 'warning', code: 'negative', path: ['size'], message: 'negative' });
  return { key, size };
}

const entry = (value: string): Entry => ({ value, version: value, origin: 'test' });
const size = (n: number): Entry => entry(`{"size": ${n}}`);
const entries = (all: Readonly<Record<string, Entry>>): ReadonlyMap<string, Entry> => new Map(Object.entries(all));
const decoder = (lastGood: Readonly<Record<string, string>> = {}) =>
  new EntriesDecoder(decodeThing, new Map(Object.entries(lastGood)));

/** What is in effect, what is told and what the ledger would keep. */
function summary(result: ReturnType<ReturnType<typeof decoder>['decode']>) {
  return {
    sizes: Object.fromEntries([...result.values].map(([key, thing]) => [key, thing.size])),
    codes: result.diagnostics.map(({ key, code }) => `${key} ${code}`),
    lastGood: Object.fromEntries(result.lastGood),
  };
}

describe('EntriesDecoder', () => {
  it('tells a hundred faults of one value at most, errors first, and how many there are', () => {
    const decode = new EntriesDecoder<never>((_key, _value, faults) => {
      const fault = { code: 'c', path: [], message: 'm' } as const;
      for (let i = 0; i < 200_000; i++) faults.push({ severity: 'warning', ...fault });
      faults.push({ severity: 'error', ...fault });
      return INVALID;
    }, new Map());
    const { diagnostics } = decode.decode(entries({ a: size(1) }));
    expect(diagnostics).toHaveLength(100);
    expect(diagnostics[0]).toMatchObject({ severity: 'error', message: 'm' });
    expect(diagnostics[99]?.message).toBe('m; 199901 more faults of this value are not listed');
  });

  it('decodes what is valid, and leaves out and tells what never was', () => {
    const all = entries({ a: size(1), b: entry('{}'), c: entry('{"size": '), d: entry(''), e: size(-1) });
    expect(summary(decoder().decode(all))).toEqual({
      sizes: { a: 1, e: -1 },
      codes: ['b no-size', 'c invalid-json', 'd no-size', 'e negative'],
      lastGood: {},
    });
  });

  it('takes an empty value for {}, and shows of broken JSON only the beginning', () => {
    const [empty] = decoder().decode(entries({ a: entry('') })).diagnostics;
    expect(empty).toMatchObject({ severity: 'error', code: 'no-size', path: ['size'] });
    const [broken] = decoder().decode(entries({ a: entry(`{${'x'.repeat(500)}`) })).diagnostics;
    expect(broken).toMatchObject({ severity: 'error', code: 'invalid-json', key: 'a', path: [] });
    expect(broken?.message.length).toBeLessThan(150);
  });

  it('gives the same object for an entry that was there the last time, and the same result for the same map', () => {
    const things = decoder();
    const [a, b] = [size(1), size(2)];
    const first = entries({ a, b });
    const one = things.decode(first);
    expect(things.decode(first)).toBe(one);
    const two = things.decode(entries({ b: size(3), a }));
    expect(two.values.get('a')).toBe(one.values.get('a'));
    expect(two.values.get('b')).not.toBe(one.values.get('b'));
    expect(things.decode(first).values).toEqual(one.values);
  });

  it('forgets what is told of a key that is gone, and its last valid value', () => {
    const things = decoder();
    things.decode(entries({ a: size(1), b: size(2) }));
    things.decode(entries({ a: entry('{'), b: entry('{') }));
    const { values, diagnostics, lastGood } = things.decode(entries({ b: entry('{') }));
    expect([[...values.keys()], diagnostics.map(({ key }) => key), [...lastGood.keys()]]).toEqual([['b'], ['b'], ['b']]);
    expect(things.decode(entries({ a: entry('{'), b: size(3) })).neverValid).toEqual(['a']);
  });

  it('keeps the last valid value while the current one is invalid, and takes the next valid one', () => {
    const things = decoder();
    const valid = things.decode(entries({ a: size(1) }));
    const invalid = things.decode(entries({ a: entry('broken') }));
    expect(summary(invalid)).toEqual({ sizes: { a: 1 }, codes: ['a invalid-json'], lastGood: { a: '{"size": 1}' } });
    expect(invalid.values.get('a')).toBe(valid.values.get('a'));
    const still = things.decode(entries({ a: entry('broken in another way') }));
    expect(summary(still)).toEqual(summary(invalid));
    expect(still.values.get('a')).toBe(valid.values.get('a'));
    expect(summary(things.decode(entries({ a: size(2) })))).toEqual({ sizes: { a: 2 }, codes: [], lastGood: {} });
    expect(summary(things.decode(entries({ a: entry('broken') })))).toMatchObject({ sizes: { a: 2 } });
  });

  it('keeps it across a restart, out of the ledger, however often', () => {
    let lastGood: ReadonlyMap<string, string> = new Map([['a', '{"size": 1}']]);
    for (let start = 0; start < 3; start++) {
      const result = new EntriesDecoder(decodeThing, lastGood).decode(entries({ a: entry('broken') }));
      expect(summary(result)).toEqual({ sizes: { a: 1 }, codes: ['a invalid-json'], lastGood: { a: '{"size": 1}' } });
      lastGood = result.lastGood;
    }
  });

  it('prefers what is valid now to what the ledger remembers', () => {
    const things = decoder({ a: '{"size": 1}' });
    expect(summary(things.decode(entries({ a: size(2) })))).toEqual({ sizes: { a: 2 }, codes: [], lastGood: {} });
    expect(summary(things.decode(entries({ a: entry('broken') })))).toMatchObject({ sizes: { a: 2 } });
  });

  it('has nothing to keep where the ledger’s value is no longer valid either', () => {
    expect(summary(decoder({ a: '{"length": 1}' }).decode(entries({ a: entry('broken') })))).toEqual({
      sizes: {},
      codes: ['a invalid-json'],
      lastGood: {},
    });
  });

  it('forgets a key that is deleted: coming back invalid, it never was valid', () => {
    const things = decoder({ b: '{"size": 9}' });
    things.decode(entries({ a: size(1) }));
    expect(summary(things.decode(entries({})))).toEqual({ sizes: {}, codes: [], lastGood: {} });
    const back = things.decode(entries({ a: entry('broken'), b: entry('broken') }));
    expect(summary(back)).toEqual({ sizes: {}, codes: ['a invalid-json', 'b invalid-json'], lastGood: {} });
  });

  it('keeps the ledger’s value of a valid key in no result, so that the ledger stays small', () => {
    const things = decoder({ a: '{"size": 1}', gone: '{"size": 2}' });
    expect(things.decode(entries({ a: size(1) })).lastGood.size).toBe(0);
  });
});
