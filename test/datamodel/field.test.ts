import { describe, expect, it } from 'vitest';
import {
  boolean,
  type Fault,
  type Field,
  INVALID,
  integer,
  list,
  oneOf,
  oneOfOr,
  optional,
  record,
  secretly,
  text,
  unlessEmpty,
} from '../../src/datamodel/field.ts';

/** What a field makes of a value, and its faults as `severity code path`. */
function decode<T>(field: Field<T>, value: unknown): { value: unknown; faults: readonly string[] } {
  const faults: Fault[] = [];
  const decoded = field.decode(value, faults);
  const told = faults.map(({ severity, code, path }) => `${severity} ${code} ${['f', ...path].join('.')}`);
  return { value: decoded === INVALID ? 'INVALID' : decoded, faults: told };
}

const ok = (value: unknown) => ({ value, faults: [] });
const refused = (at = 'f', code = 'invalid-value') => ({ value: 'INVALID', faults: [`error ${code} ${at}`] });

const upper = text('capitals', (value) => (/^[A-Z]+$/.test(value) ? value : null));

describe('text', () => {
  it('takes strings that parse, and nothing else', () => {
    expect(decode(upper, 'AB')).toEqual(ok('AB'));
    for (const value of ['ab', '', 1, true, null, ['AB'], { A: 'B' }]) expect(decode(upper, value)).toEqual(refused());
    expect(decode(upper, undefined)).toEqual(refused('f', 'missing-value'));
  });

  it('says what was expected and what was found, cut short', () => {
    const faults: Fault[] = [];
    upper.decode('a\n"b"', faults);
    upper.decode(undefined, faults);
    upper.decode('x'.repeat(5000), faults);
    expect(faults[0]?.message).toBe('expected capitals, found "a\\n\\"b\\""');
    expect(faults[1]?.message).toBe('expected capitals, found nothing');
    expect(faults[2]?.message.length).toBeLessThan(150);
  });
});

describe('integer', () => {
  it('takes whole numbers in its range, and no text', () => {
    for (const value of [1, 2, 3]) expect(decode(integer(1, 3), value)).toEqual(ok(value));
    for (const value of [0, 4, 1.5, '2', Number.NaN, null, true])
      expect(decode(integer(1, 3), value)).toEqual(refused());
  });
});

describe('boolean', () => {
  it('takes true and false, and no likeness of them', () => {
    expect(decode(boolean, false)).toEqual(ok(false));
    for (const value of ['true', 1, 0, null, '']) expect(decode(boolean, value)).toEqual(refused());
  });
});

describe('oneOf', () => {
  it('takes its words to the letter', () => {
    expect(decode(oneOf('A', 'B'), 'B')).toEqual(ok('B'));
    for (const value of ['b', ' B', 'constructor', '']) expect(decode(oneOf('A', 'B'), value)).toEqual(refused());
  });
});

describe('oneOfOr', () => {
  it('takes another word for the default, with a warning; what is no word is refused', () => {
    const field = oneOfOr('A', 'A', 'B');
    expect(decode(field, 'B')).toEqual(ok('B'));
    for (const value of ['b', 'toString', ''])
      expect(decode(field, value)).toEqual({ value: 'A', faults: ['warning unknown-word f'] });
    for (const value of [1, null, ['A'], {}]) expect(decode(field, value)).toEqual(refused());
  });
});

describe('optional and unlessEmpty', () => {
  it('take null and absence for the same, and only the one the empty string too', () => {
    for (const value of [null, undefined]) {
      expect(decode(optional(upper, 7), value)).toEqual(ok(7));
      expect(decode(unlessEmpty(upper), value)).toEqual(ok(null));
    }
    expect(decode(optional(upper, 7), '')).toEqual(refused());
    expect(decode(unlessEmpty(upper), '')).toEqual(ok(null));
    for (const field of [optional(upper, 7), unlessEmpty(upper)]) {
      expect(decode(field, 'AB')).toEqual(ok('AB'));
      expect(decode(field, ' ')).toEqual(refused());
      expect(decode(field, false)).toEqual(refused());
    }
  });
});

describe('list', () => {
  it('tells every refused item by its index, and is refused as a whole', () => {
    expect(decode(list(upper), [])).toEqual(ok([]));
    expect(decode(list(upper), ['A', 'B'])).toEqual(ok(['A', 'B']));
    expect(decode(list(upper), ['A', 'b', null])).toEqual({
      value: 'INVALID',
      faults: ['error invalid-value f.1', 'error invalid-value f.2'],
    });
    for (const value of ['A', { 0: 'A', length: 1 }, null]) expect(decode(list(upper), value)).toEqual(refused());
  });
});

describe('record', () => {
  const field = record({ a: upper, b: optional(record({ c: upper }), null) }, ['ignored']);

  it('decodes its fields, tells all faults at once, and is refused with any of them', () => {
    expect(decode(field, { a: 'A', b: { c: 'C' } })).toEqual(ok({ a: 'A', b: { c: 'C' } }));
    expect(decode(field, { a: 'A' })).toEqual(ok({ a: 'A', b: null }));
    expect(decode(field, { b: { c: 1 } })).toEqual({
      value: 'INVALID',
      faults: ['error missing-value f.a', 'error invalid-value f.b.c'],
    });
    for (const value of [null, 'A', ['A'], 7]) expect(decode(field, value)).toEqual(refused());
  });

  it('warns of fields that it does not know, at any depth, but not of those that are none of its business', () => {
    expect(decode(field, { a: 'A', A: 1, ignored: { x: 1 }, b: { c: 'C', d: 1 } })).toEqual({
      value: { a: 'A', b: { c: 'C' } },
      faults: ['warning unknown-field f.b.d', 'warning unknown-field f.A'],
    });
  });

  it('may leave all fields that it does not know to others', () => {
    const open = record({ a: upper }, ['*']);
    expect(decode(open, { a: 'A', b: 1, c: {} })).toEqual(ok({ a: 'A' }));
  });

  it('reads no field from a prototype, and makes none', () => {
    const inherited = Object.create({ a: 'A' });
    expect(decode(field, inherited)).toEqual(refused('f.a', 'missing-value'));
    const hostile: unknown = JSON.parse('{"a": "A", "__proto__": {"b": {"c": "C"}}, "constructor": 1}');
    expect(decode(field, hostile)).toEqual({
      value: { a: 'A', b: null },
      faults: ['warning unknown-field f.__proto__', 'warning unknown-field f.constructor'],
    });
  });

  it('states its shape, for who walks the schemas', () => {
    expect(record({ a: list(boolean), n: optional(integer(0, 1), null) }).shape).toEqual({
      type: 'record',
      fields: {
        a: { type: 'list', item: { type: 'boolean', expects: 'true or false' } },
        n: { type: 'number', expects: 'a whole number from 0 to 1' },
      },
    });
  });
});

describe('secretly', () => {
  const hidden = secretly(record({ word: upper, words: optional(list(upper), []) }));
  const told = (value: unknown) => {
    const faults: Fault[] = [];
    hidden.decode(value, faults);
    return faults;
  };

  it('says where and what was expected, and nothing of what was found', () => {
    expect(told({ word: 'geheim', words: ['A', 'found geheim, found\ngeheim'] })).toEqual([
      {
        severity: 'error',
        code: 'invalid-value',
        path: ['word'],
        message: 'expected capitals, found another value',
      },
      {
        severity: 'error',
        code: 'invalid-value',
        path: ['words', 1],
        message: 'expected capitals, found another value',
      },
    ]);
  });

  it('decodes what the field decodes', () => {
    expect(decode(hidden, { word: 'AB' })).toEqual(ok({ word: 'AB', words: [] }));
  });
});
