import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byBytes, byBytesOf, Sorter, sortedByBytes } from '../../src/core/order.ts';

const sign = (a: string, b: string) => Math.sign(byBytes(a, b));

describe('byBytes', () => {
  it('orders as the UTF-8 bytes do', () => {
    // Well-formed text: a lone surrogate has no UTF-8 bytes.
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, fc.string({ unit: 'grapheme' }), (a, b, common) => {
        for (const [x, y] of [
          [a, b],
          [common + a, common + b],
          [common, common + a],
        ] as const)
          expect(sign(x, y)).toBe(Buffer.compare(Buffer.from(x), Buffer.from(y)));
      }),
    );
  });

  it.each([
    ['192.0.2.10', '192.0.2.9'],
    ['192.168.221.192-26', '192.168.221.64-26'],
    ['10.10.0.0-26', '10.2.0.1-32'],
    ['Z', 'a'],
    ['a', 'ä'],
    ['a', 'ab'],
    ['', 'a'],
    ['\uffff', '\u{10000}'],
    ['\ue000', '\u{1f600}'],
  ])('puts %j before %j', (first, second) => {
    expect([sign(first, second), sign(second, first), sign(first, first)]).toEqual([-1, 1, 0]);
  });

  it('orders objects by a string of theirs', () => {
    const list = [{ name: 'b' }, { name: 'a' }, { name: 'B' }];
    expect(list.sort(byBytesOf(({ name }) => name)).map(({ name }) => name)).toEqual(['B', 'a', 'b']);
  });
});

describe('sortedByBytes', () => {
  it.each([
    ['words', fc.string({ unit: 'binary-ascii' })],
    ['any text', fc.string({ unit: 'binary' })],
    ['what is hard', fc.constantFrom('a', 'ä', '\ue000', '\uffff', '\u{1f600}', 'a\uffff', 'a\u{10000}')],
  ])('sorts %s as byBytes does', (_, text) => {
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const items = texts.map((key) => ({ key }));
        expect(sortedByBytes(items, ({ key }) => key)).toEqual(items.toSorted(byBytesOf(({ key }) => key)));
      }),
    );
  });
});

describe('Sorter', () => {
  const word = ({ n }: { n: number }) => String(n).padStart(2, '0');
  const byNumber = (a: { n: number }, b: { n: number }) => a.n - b.n;
  const pool = Array.from({ length: 40 }, (_, n) => ({ n }));
  const list = fc.uniqueArray(fc.nat(39)).map((all) => all.map((n) => pool[n]!));

  it('sorts whatever was there before', () => {
    fc.assert(
      fc.property(fc.array(list, { minLength: 1, maxLength: 4 }), (lists) => {
        const sorter = new Sorter(word);
        for (const items of lists) expect(sorter.sort(items)).toEqual(items.toSorted(byNumber));
      }),
    );
  });

  it('gives the same list where the items are the same', () => {
    const sorter = new Sorter(word);
    const items = pool.slice(3, 9);
    const sorted = sorter.sort(items);
    expect(sorter.sort(items.toReversed())).toBe(sorted);
    expect(sorter.sort(items.slice(1))).not.toBe(sorted);
  });
});
