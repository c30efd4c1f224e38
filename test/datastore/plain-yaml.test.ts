import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as yaml from 'yaml';
import { readPlainYaml } from '../../src/datastore/plain-yaml.ts';
import { readYaml } from '../../src/datastore/yaml-syntax.ts';

const fixtures = new URL('../../fixtures', import.meta.url).pathname;
const texts = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => /(^|\/)in[^/]*\.yaml$/.test(name))
  .map((name) => readFileSync(join(fixtures, name), 'utf8'));

/** What the other reader says, where this one reads the text at all. */
function expectTheSame(text: string): boolean {
  const documents = readPlainYaml(text);
  if (documents) expect({ documents, faults: [] }, text).toEqual(readYaml(yaml, text));
  return documents !== null;
}

describe('plain YAML is read as any YAML is', () => {
  test('in every case of the fixtures, most of which are plain', () => {
    const read = texts.filter(expectTheSame);
    expect(read.length / texts.length).toBeGreaterThan(0.8);
  });

  test('whatever is cut out of it, put into it or put elsewhere', () => {
    const pieces = [
      '\n',
      ' ',
      '  ',
      '-',
      '- ',
      ': ',
      ':',
      '#',
      ' #',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      ',',
      '|',
      '>',
      '&a',
      '*a',
    ];
    const words = [
      'null',
      'True',
      '~',
      '0x1',
      '1.5',
      '-1',
      '007',
      '1e3',
      '1:2',
      '192.0.2.1',
      'labels: ',
      'items:',
      '---\n',
      '?',
    ];
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(12),
      put: fc.oneof(fc.constantFrom('', ...pieces, ...words), fc.string({ maxLength: 3 })),
    });
    let read = 0;
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
        const changed = changes.reduce((now, { at, cut, put }) => {
          const from = Math.floor(at * now.length);
          return now.slice(0, from) + put + now.slice(from + cut);
        }, text);
        if (expectTheSame(changed)) read++;
      }),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(0);
  });

  test.each([
    ['a text over lines', 'a: b\n  c\n'],
    ['a text in quotes over lines', 'a: "b\n  c"\n'],
    ['a block of text', 'a: |\n  b\n'],
    ['an anchor', 'a: &b c\nd: *b\n'],
    ['a tag', 'a: !!str 1\n'],
    ['an escape', 'a: "\\n"\n'],
    ['a label that is a number', 'metadata:\n  labels:\n    a: 1\n'],
    ['a label that is a number, in a list', 'items:\n- metadata: {labels: {a: 0x1}}\n'],
    ['a key twice', 'a: 1\na: 2\n'],
    ['a key twice, on one line', 'a: {b: 1, b: 2}\n'],
    ['a key with a meaning of its own', '__proto__: {a: 1}\n'],
    ['a tab', 'a:\tb\n'],
    ['a line separator', 'a: b\u2028c\n'],
    ['an empty document', 'a: b\n---\n---\nc: d\n'],
  ])('%s is left to the other reader', (_, text) => {
    expect(readPlainYaml(text)).toBeNull();
  });
});
