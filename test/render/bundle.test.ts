import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Block, digestsOfTexts, makeBundle, makeFile, originsAt } from '../../src/render/bundle.ts';

/** Pieces that hold whole top-level statements, or only comments and blanks. */
const piece = fc.constantFrom(
  'router id 192.0.2.1;\n',
  '\nprotocol a {\n  b;\n}\n',
  '# comment\n',
  '\n',
  'x; y;',
  'f { g { h; } }\n',
);
const pieces = fc.array(piece, { maxLength: 8 });
const file = (name: string, texts: readonly string[]) =>
  makeFile(
    name,
    texts.map((text) => new Block(text, [])),
  );

describe('the digests of a bundle', () => {
  it('do not tell how its files were cut into blocks, and are those of the files on disk', () => {
    fc.assert(
      fc.property(pieces, pieces, fc.nat(8), (one, two, cut) => {
        const bundle = makeBundle([file('a', one), file('b', two)]);
        const whole = makeBundle([
          file('a', [one.join('')]),
          file('b', [two.slice(0, cut).join(''), two.slice(cut).join('')]),
        ]);
        expect([whole.bytes, whole.statements]).toEqual([bundle.bytes, bundle.statements]);
        const disk = [
          { name: 'a', text: one.join('') },
          { name: 'b', text: two.join('') },
        ];
        expect(digestsOfTexts(disk)).toEqual({ bytes: bundle.bytes, statements: bundle.statements });
      }),
    );
  });

  it('change in bytes alone with a comment, and in both with a statement, a name, or the file that it stands in', () => {
    const digests = (...files: readonly [string, string][]) => {
      const [first, ...rest] = files.map(([name, text]) => file(name, [text]));
      return makeBundle([first!, ...rest]);
    };
    const base = digests(['a', 'x;\n'], ['b', 'y;\n']);
    const comment = digests(['a', '# z\nx;\n'], ['b', 'y ;\n']);
    expect(comment.statements).toBe(base.statements);
    expect(comment.bytes).not.toBe(base.bytes);
    for (const other of [
      digests(['a', 'z;\n'], ['b', 'y;\n']),
      digests(['c', 'x;\n'], ['b', 'y;\n']),
      digests(['a', 'x; y;\n'], ['b', '']),
      digests(['b', 'y;\n'], ['a', 'x;\n']),
      digests(['a', 'x;\n']),
    ]) {
      expect(other.statements).not.toBe(base.statements);
      expect(other.bytes).not.toBe(base.bytes);
    }
  });
});

describe('originsAt', () => {
  const blocks = [
    new Block('# header\n\n', ['head']),
    new Block('a {\n  b;\n}\n', ['/a']),
    new Block('', ['nothing']),
    new Block('c;\n', ['/c', '/d']),
  ];

  it('is the resources behind a line', () => {
    const at = [0, 1, 2, 3, 4, 5, 6].map((line) => originsAt(makeFile('f', blocks), line).join('+'));
    expect(at).toEqual(['head', 'head', 'head', '/a', '/a', '/a', '/c+/d']);
  });

  it('is nobody past the end', () => {
    expect(originsAt(makeFile('f', blocks), 7)).toEqual([]);
    expect(originsAt(makeFile('f', []), 1)).toEqual([]);
  });

  it('blames a line that two blocks share on the one that ends it', () => {
    const shared = makeFile('f', [new Block('a;\nb', ['one']), new Block(' c;\n', ['two'])]);
    expect([1, 2].map((line) => originsAt(shared, line))).toEqual([['one'], ['two']]);
  });
});
