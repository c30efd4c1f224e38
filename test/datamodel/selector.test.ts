import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fault, INVALID } from '../../src/datamodel/field.ts';
import { parseSelector, SelectorError, selector } from '../../src/datamodel/selector.ts';

const LABELS = new Map(Object.entries({ rack: 'a-1', role: 'worker', 'kubernetes.io/os': 'linux', in: 'x', all: 'y' }));
const matches = (text: string, labels: ReadonlyMap<string, string> = LABELS) => parseSelector(text).matches(labels);

function refusal(text: string): SelectorError {
  try {
    parseSelector(text);
  } catch (error) {
    if (error instanceof SelectorError) return error;
    throw error;
  }
  throw new Error(`${text} is a selector`);
}

describe('parseSelector', () => {
  it.each([
    ['', true],
    [' \t', true],
    ['all()', true],
    ['global( )', true],
    ['has(rack)', true],
    ['has( rack )', true],
    ['has(missing)', false],
    ["rack == 'a-1'", true],
    ['rack=="a-1"', true],
    ["rack == 'A-1'", false],
    ["rack != 'a-1'", false],
    ["rack != 'b'", true],
    ['role in {\'worker\', "other"}', true],
    ["role in {'worker',}", true],
    ['role in {}', false],
    ["role not in {'worker'}", false],
    ["role notin{'other'}", true],
    ['role not in {}', true],
    ["rack contains '-'", true],
    ["rack contains ''", true],
    ["rack starts with 'a'", true],
    ["rack starts  with '-'", false],
    ["rack ends with '1'", true],
    ["rack ends with 'a'", false],
    ["kubernetes.io/os == 'linux'", true],
    ["in in {'x'}", true],
    ["all == 'y'", true],
    [' ( has(rack) )\t&& ! has(missing) ', true],
    ["rack == 'it\"s'", false],
  ])('%j is %s', (text, expected) => {
    expect(matches(text)).toBe(expected);
  });

  it.each([
    ["a == 'x'", false],
    ["a in {'x', ''}", false],
    ["a contains ''", false],
    ["a starts with ''", false],
    ["a ends with ''", false],
    ['has(a)', false],
    ["a != 'x'", true],
    ["a not in {'x'}", true],
    ["!(a == 'x')", true],
    ["!a == 'x'", true],
  ])('of an absent label %j is %s', (text, expected) => {
    expect(matches(text, new Map())).toBe(expected);
  });

  it('binds ! before && before ||', () => {
    const [yes, no] = ['has(rack)', 'has(missing)'];
    expect(matches(`${yes} || ${no} && ${no}`)).toBe(true);
    expect(matches(`(${yes} || ${no}) && ${no}`)).toBe(false);
    expect(matches(`!${yes} || ${yes}`)).toBe(true);
    expect(matches(`!(${yes} || ${yes})`)).toBe(false);
    expect(matches(`!!${yes} && !!!${no}`)).toBe(true);
    expect(matches(`${no} && ${no} || ${yes}`)).toBe(true);
  });

  it.each([
    ['rack', 4, '==, !=, in, not in, contains, starts with or ends with, found the end'],
    ['rack == a', 8, 'a string in single or double quotes, found "a"'],
    ["rack == 'a", 8, 'a string in single or double quotes, found "\'a"'],
    ["rack = 'a'", 5, '==, !='],
    ['has (rack)', 4, '==, !='],
    ['has(rack', 8, 'expected ")", found the end'],
    ["(rack == 'a'", 12, 'expected ")", found the end'],
    ["rack == 'a' rack", 12, 'the end, && or ||'],
    ["rack == 'a' &", 12, 'the end, && or ||'],
    ["rack == 'a' &&", 14, 'a label name'],
    ["rack in ['a']", 8, 'expected "{"'],
    ["rack in {'a' 'b'}", 13, 'expected "}"'],
    ['rack in {,}', 9, 'a string'],
    ["rack\n== 'a'", 4, '==, !='],
    ['ключ == 1', 0, 'a label name'],
    [`${'a'.repeat(513)} == 'x'`, 512, '==, !='],
  ])('refuses %j at its place', (text, position, expected) => {
    const error = refusal(text);
    expect([error.position, error.message]).toEqual([position, expect.stringContaining(expected)]);
    expect(error.message).toContain(`at character ${position + 1}:`);
  });

  it('is bounded in depth, not in length', () => {
    expect(matches(Array(5000).fill('has(rack)').join(' && '))).toBe(true);
    expect(matches(`${'!'.repeat(90)}has(rack)`)).toBe(true);
    for (const deep of ['!', '('])
      expect(refusal(`${deep.repeat(50_000)}has(rack)`).message).toContain('at most 100 levels');
  });

  it('throws nothing but a SelectorError, whatever it is given', () => {
    const word = fc.constantFrom(
      'a',
      '==',
      '!=',
      'in',
      'not',
      '{',
      '}',
      '(',
      ')',
      "'x'",
      ',',
      '&&',
      '||',
      '!',
      'has(',
      'all()',
      ' ',
      '"',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(text, (given) => {
        try {
          expect(typeof matches(given)).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(SelectorError);
          expect((error as SelectorError).position).toBeLessThanOrEqual(given.length);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a selector as a field', () => {
  it('tells where it ends to be one', () => {
    const faults: Fault[] = [];
    expect(selector.decode('rack == 1', faults)).toBe(INVALID);
    expect(selector.decode(7, faults)).toBe(INVALID);
    expect(faults).toMatchObject([
      {
        severity: 'error',
        code: 'invalid-selector',
        path: [],
        message: expect.stringMatching(/^at character 9: /),
      },
      { severity: 'error', code: 'invalid-selector', message: 'expected a selector, found 7' },
    ]);
  });
});
