import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, digestOfStatements, parseStatements, statementDigests } from '../../src/bird/statements.ts';

const canonicals = (text: string): readonly string[] => parseStatements(text).map(canonical);
const digest = (text: string): string => digestOfStatements(statementDigests(text).join(''));

describe('parseStatements', () => {
  it('reads statements, bodies and the line of each first word', () => {
    const text = [
      '# a comment; with { braces }',
      'router id 192.0.2.1;',
      '',
      'protocol bgp Mesh_1 from bgp_template {',
      '  neighbor 2001:db8::1 port 179 as 64512; /* over',
      '  two lines */ passive',
      '    on;',
      '  import filter { accept; };',
      '}',
      'protocol device { }',
    ].join('\n');
    expect(parseStatements(text)).toMatchObject([
      { words: 'router id 192.0.2.1', body: null, line: 2 },
      {
        words: 'protocol bgp Mesh_1 from bgp_template',
        line: 4,
        body: [
          { words: 'neighbor 2001:db8::1 port 179 as 64512', body: null, line: 5 },
          { words: 'passive on', body: null, line: 6 },
          { words: 'import filter', body: [{ words: 'accept', body: null, line: 8 }], line: 8 },
        ],
      },
      { words: 'protocol device', body: [], line: 10 },
    ]);

    const [router] = parseStatements(text);
    expect(text.slice(router!.source.start, router!.source.end)).toBe('router id 192.0.2.1;');
  });

  it('knows where each statement stands, and what lies between its braces', () => {
    const text = '# a\nfilter f { accept; /* why */ }; b c;protocol device {}  ';
    const parts = parseStatements(text).map(({ source, inner }) => [
      text.slice(source.start, source.end),
      inner && text.slice(inner.start, inner.end),
    ]);
    expect(parts).toEqual([
      ['filter f { accept; /* why */ };', ' accept; /* why */ '],
      ['b c;', null],
      ['protocol device {}', ''],
    ]);
  });

  it.each([
    ['nothing', '', []],
    ['only a comment', '# router id 1.1.1.1;\n', []],
    ['a comment without an end of line', 'a; # b;', ['a;']],
    ['a comment right after a word', 'accept/* ; { */; accept#;\n;', ['accept;', 'accept;']],
    ['a prefix is no comment', 'net ~ 10.0.0.0/8;', ['net ~ 10.0.0.0/8;']],
    ['comment signs in a string', 'password "a#b/*c*/;{}";', ['password "a#b/*c*/;{}";']],
    ['blanks in a string count', 'interface -"eth 0",  "*";', ['interface - "eth 0" , "*";']],
    ['a quoted symbol', "call 'bgp_a-b.c_importFilterV4'();", ["call 'bgp_a-b.c_importFilterV4' ( );"]],
    [
      'sets with braces',
      'if (net ~ [ 10.0.0.0/8{8,32}, ::/0+ ]) then { accept; }',
      ['if ( net ~ [ 10.0.0.0/8 { 8 , 32 } , ::/0 + ] ) then { accept; }'],
    ],
    ['a path mask', 'x ~ [= 1 * 2 =];', ['x ~ [ = 1 * 2 = ];']],
    ['operators', 'a&&b||!c!=d!~e<=f;', ['a && b || ! c != d !~ e <= f;']],
    ['words in a body without a semicolon', 'debug { states, routes };', ['debug { states , routes; }']],
    ['then and else', 'if a then { b; } else { c; }', ['if a then { b; }', 'else { c; }']],
    ['no semicolon at the end', 'a; b', ['a;', 'b;']],
    ['windows line ends', 'a\r\n;\r\nb;', ['a;', 'b;']],
  ])('reads %s', (_, text, expected) => {
    expect(canonicals(text)).toEqual(expected);
  });

  it.each([
    ['a stray closing brace', 'a; } b; c { d; }', ['a;', '};', 'b;', 'c { d; }']],
    ['a body that is not closed', 'a { b; c { d; }', ['a { b; c { d; } {; }']],
    ['a set that is not closed', 'a [ b; } c;', ['a [ b ; } c ;;']],
    ['a stray closing bracket', 'a ] b; c { d; }', ['a ] b;', 'c { d; }']],
    ['a string that is not closed', 'a "b; c;\nd;', ['a " b;', 'c;', 'd;']],
    ['a comment that is not closed', 'a; /* b; c;', ['a;', '/ * b;', 'c;']],
  ])('loses nothing of a text with %s, which BIRD refuses', (_, text, expected) => {
    expect(canonicals(text)).toEqual(expected);
  });

  it('counts the lines of comments and strings', () => {
    const text = '/* 1\n2\n3 */ a;\n# 4\n"x# 5\n/* 6 */ ;\nc;';
    expect(parseStatements(text).map(({ words, line }) => [words, line])).toEqual([
      ['a', 3],
      ['" x', 5],
      ['c', 7],
    ]);
  });
});

/** Tokens of statements, well formed: words, strings, sets and nested bodies. */
const word = fc.constantFrom(
  'accept',
  'as',
  '64512',
  '192.0.2.1',
  '10.0.0.0/8',
  '2001:db8::/32',
  '"a b#;"',
  "'f-1'",
  '~',
  '&&',
  '-',
  '(',
  ')',
  '=',
);
const set = fc.tuple(word, word).map(([a, b]) => ['[', a, '{', '8', ',', b, '}', ']']);
const words = fc.array(fc.oneof({ weight: 5, arbitrary: word.map((w) => [w]) }, set), { minLength: 1, maxLength: 4 });
const { statement } = fc.letrec<{ statement: string[]; body: string[] }>((tie) => ({
  statement: fc.oneof(
    { depthSize: 'small' },
    words.map((parts) => [...parts.flat(), ';']),
    fc.tuple(words, tie('body')).map(([parts, body]) => [...parts.flat(), '{', ...body, '}']),
  ),
  body: fc.array(tie('statement'), { maxLength: 3 }).map((statements) => statements.flat()),
}));
const tokens = fc.array(statement, { minLength: 1, maxLength: 4 }).map((statements) => statements.flat());

const gap = fc.constantFrom(' ', '\n', '\t', '  \r\n', ' # x { ; "\n', "/* x } ; ' \n */", ' #\n\n');
const layout = (list: readonly string[], gaps: readonly string[]): string =>
  list.map((token, i) => token + (gaps[i % gaps.length] ?? ' ')).join('');

describe('digests', () => {
  it('do not change with comments and layout', () => {
    fc.assert(
      fc.property(tokens, fc.array(gap, { minLength: 1, maxLength: 20 }), (list, gaps) => {
        expect(canonicals(layout(list, gaps))).toEqual(canonicals(list.join(' ')));
        expect(digest(layout(list, gaps))).toBe(digest(list.join(' ')));
      }),
    );
  });

  it('change with any word, its place, and any brace', () => {
    fc.assert(
      fc.property(tokens, fc.nat(), (list, at) => {
        const i = at % list.length;
        const changed = list.with(i, 'other');
        expect(digest(changed.join(' '))).not.toBe(digest(list.join(' ')));
        if (list[i] === ';') return; // the last one of a body may be left out
        expect(digest(list.toSpliced(i, 1).join(' '))).not.toBe(digest(list.join(' ')));
      }),
    );
  });

  it('change with the order of statements, also inside bodies', () => {
    expect(digest('a; b;')).not.toBe(digest('b; a;'));
    expect(digest('p { a; b; }')).not.toBe(digest('p { b; a; }'));
    expect(digest('p { a; } q { b; }')).not.toBe(digest('p { a; q { b; } }'));
  });

  it('of parts are those of the whole, wherever it is cut between statements', () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 6 }), fc.nat(6), (statements, cut) => {
        const text = (list: readonly string[][]) => list.flat().join(' ');
        const parts = [statements.slice(0, cut), statements.slice(cut)];
        const whole = digestOfStatements(parts.flatMap((part) => statementDigests(text(part))).join(''));
        expect(whole).toBe(digest(text(statements)));
      }),
    );
  });

  it('are one for each statement on the top level', () => {
    expect(statementDigests('a; b { c; d; } # e;\n')).toHaveLength(2);
    expect(statementDigests('# nothing')).toEqual([]);
  });
});
