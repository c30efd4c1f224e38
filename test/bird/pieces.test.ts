import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meaningOf } from '../../src/bird/meaning.ts';
import { type BirdText, piecesOf } from '../../src/bird/pieces.ts';
import { readConfiguration } from '../../src/bird/protocols.ts';
import { canonical, parseStatements } from '../../src/bird/statements.ts';

const canonicals = (text: string) => parseStatements(text).map(canonical);

const line = fc.constantFrom(
  'router id 10.0.0.1;',
  'protocol bgp A from t {',
  '  neighbor 10.0.0.2 as 64512;',
  '}',
  '# protocol bgp B {',
  'function f()',
  '{',
  'filter g { accept; }',
  '/* function h() {',
  '*/',
  'protocol device {}',
  '',
  'accept',
  'accept # all;',
  'accept; # all',
  'password "protocol";',
);
const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'));

/** What the pieces say, each by itself. */
const piecewise = (whole: BirdText) => piecesOf(whole).flatMap((piece) => canonicals(piece.text));

describe('a configuration in pieces', () => {
  it('says the same as its whole text, also where it is cut in the midst of a statement', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (texts) => {
        for (const each of texts) expect(piecewise(each)).toEqual(canonicals(each));
        const pieces = texts.map((each) => ({ text: each }));
        expect(piecewise(pieces)).toEqual(canonicals(texts.join('')));
      }),
      { numRuns: 3_000 },
    );
  });

  const session = (name: string) => `# ${name}\nprotocol bgp ${name} {\n  neighbor 10.0.0.2 as 1;\n}\n`;

  it('has the same pieces as another one that has them too', () => {
    const [a, b] = [piecesOf(session('A') + session('B')), piecesOf(session('B') + session('C'))];
    expect(b.slice(0, 2)).not.toContain(a[0]);
    expect(b[1]).toBe(a.at(-1));
  });

  it('is read into the same protocols where the definitions stay', () => {
    const [head, one, two, three] = ['template bgp t { local as 1; }\n', ...['A', 'B', 'C'].map(session)].map(
      (each) => ({
        text: each,
      }),
    );
    const [before, after] = [
      [head!, one!, two!],
      [head!, two!, three!],
    ];
    const [was, is] = [before, after].map(readConfiguration);
    expect(is!.protocols.get('B')).toBe(was!.protocols.get('B'));
    expect(meaningOf(before, after)).toMatchObject({ added: ['C'], removed: ['A'], restarted: [], refiltered: [] });
  });
});
