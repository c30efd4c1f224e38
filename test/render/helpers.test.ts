import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { BirdString, LiveText } from '../../src/render/guard.ts';
import { HELPERS } from '../../src/render/helpers.ts';

const { quote, quoteSymbol, verbatim, required, localPref, is, metricBase } = HELPERS;

describe('quote', () => {
  it('makes a BIRD string of text, of a BirdString and of a Secret', () => {
    expect([quote('a b'), quote(new BirdString('*')), quote(new Secret('; }'))]).toEqual(['"a b"', '"*"', '"; }"']);
  });

  it('refuses what no BIRD string can hold, without telling it', () => {
    for (const value of ['x"y', 'x\ny', 'x\0y']) {
      expect(() => quote(new Secret(value))).toThrow(RangeError);
      expect(() => quote(new Secret(value))).not.toThrow(/x/);
    }
  });

  it('refuses what is no text', () => {
    for (const value of [null, undefined, 1, true, ['a'], { a: 1 }])
      expect(() => quote(value)).toThrow('bug: quote takes a string');
  });
});

describe('verbatim', () => {
  it('prints statements of the live file, and nothing else', () => {
    const live = new LiveText('function f() { "a" }\n');
    expect(verbatim(live)).toBe('function f() { "a" }\n');
    expect(() => `${live}`).toThrow('without the verbatim helper');
    for (const value of ['accept;', new BirdString('accept;'), null])
      expect(() => verbatim(value)).toThrow('bug: verbatim takes statements that BIRD knows');
  });
});

describe('quoteSymbol', () => {
  it('makes a symbol of a name, and refuses what no symbol can be', () => {
    expect(quoteSymbol('bgp_a.b-c_importFilterV4')).toBe("'bgp_a.b-c_importFilterV4'");
    for (const value of ['', "a'b", 'a b', 'a;', 'ä', 'a'.repeat(65)])
      expect(() => quoteSymbol(value)).toThrow(RangeError);
    expect(() => quoteSymbol(null)).toThrow('bug: quoteSymbol takes a string');
  });
});

describe('required', () => {
  it('gives what is there, and throws where nothing is', () => {
    for (const value of ['a', 0, false, 179]) expect(required(value)).toBe(value);
    for (const value of [null, undefined, ''])
      expect(() => required(value)).toThrow('bug: a required value is missing');
  });
});

describe('localPref', () => {
  it('is the metric base less the priority (spec 3.6)', () => {
    expect([localPref(1024), localPref(2000), localPref(5)]).toEqual([2147482623, 2147481647, 2147483642]);
    expect(metricBase()).toBe(2147483647);
    expect(() => localPref('1024')).toThrow('bug: localPref takes a number');
  });
});

describe('is', () => {
  it('compares without turning one into the other', () => {
    expect([is('a', 'a'), is('a', 'b'), is(1, '1'), is(null, undefined)]).toEqual([true, false, false, false]);
  });
});
