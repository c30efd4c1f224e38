import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStatements } from '../../src/bird/statements.ts';
import { isWord, quoted, quotedSymbol, withoutPasswords } from '../../src/bird/syntax.ts';
import { temporaryFolder } from '../support/folder.ts';

const run = promisify(execFile);

describe('quoted', () => {
  it.each(['', 'eth0', 'a b', '; } #', '/* */', "it's", '\\', '\\n', 'ключ', '{{x}}', ' '])('quotes %j', (value) => {
    expect(quoted(value)).toBe(`"${value}"`);
    expect(parseStatements(`password ${quoted(value)}; next;`).map((s) => s.words)).toEqual([
      `password "${value}"`,
      'next',
    ]);
  });

  it.each(['"', 'a"b', '\n', 'a\r', '\0', '\t', '\x1f', '\x7f'])('refuses %j, and does not tell it', (value) => {
    const secret = `geheim${value}`;
    expect(() => quoted(secret)).toThrow(RangeError);
    expect(() => quoted(secret)).not.toThrow(/geheim/);
    expect(() => quoted(secret)).toThrow('cannot hold quotes or control characters');
  });

  it('gives one string token for whatever it takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const text = (() => {
          try {
            return quoted(value);
          } catch {
            return null;
          }
        })();
        if (text === null) expect(value).toMatch(/["\x00-\x1f\x7f]/);
        else expect(parseStatements(`a ${text};`)).toMatchObject([{ words: `a ${text}`, body: null, line: 1 }]);
      }),
    );
  });

  it('is a string to BIRD, whatever stands in it', async () => {
    const file = join(await temporaryFolder(), 'bird.conf');
    const text = quoted("; } # /* \\ 'x' {{y}} ключ");
    await writeFile(file, `router id 192.0.2.1;\nprotocol device {\n  description ${text};\n}\n`);
    await expect(
      run('bird', ['-p', '-c', file], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } }),
    ).resolves.toBeDefined();
  });
});

describe('quotedSymbol', () => {
  it.each(['a', 'bgp_filter.v4-1', 'A'.repeat(64)])('quotes %j', (value) => {
    expect(quotedSymbol(value)).toBe(`'${value}'`);
  });

  it.each(['', 'A'.repeat(65), "a'", "'a", 'a b', ' a', 'a ', 'a\n', 'a;b', 'é', 'a/b', 'a:b'])(
    'refuses %j',
    (value) => {
      expect(() => quotedSymbol(value)).toThrow(
        new RangeError('a quoted BIRD symbol holds letters, digits, "_", "." and "-"'),
      );
    },
  );
});

describe('withoutPasswords', () => {
  it('hides whole lines of passwords, and nothing else', () => {
    const text = [
      'protocol bgp Node_1 {',
      '  password "geheim";',
      'password "geheim;} #";  # geheim',
      '  description "no password here";',
      '}',
    ].join('\n');
    expect(withoutPasswords(text)).toBe(
      [
        'protocol bgp Node_1 {',
        '  password [redacted];',
        'password [redacted];',
        '  description "no password here";',
        '}',
      ].join('\n'),
    );
  });
});

describe('withoutPasswords, of what others wrote', () => {
  it.each([
    ['protocol bgp a { password "geheim"; }', 'protocol bgp a { password [redacted];'],
    ['+  password "geheim";', '+  password [redacted];'],
    ['password\n  "geheim";', 'password\n  [redacted];'],
    ['  password geheim', '  password [redacted];'],
  ])('hides %j', (text, shown) => expect(withoutPasswords(text)).toBe(shown));
});

describe('isWord', () => {
  it.each(['', '64512', '192.0.2.0/24', '2001:db8::/32', 'Mesh_192_0_2_1', '/calico/bgp/v1/a-b.c'])(
    'takes %j',
    (value) => {
      expect(isWord(value)).toBe(true);
    },
  );

  it.each([
    ' ',
    'a b',
    'a;',
    'a}',
    '{',
    '#a',
    '/*',
    '*/',
    '"a"',
    "'a'",
    'a\n',
    '\n',
    'a\0',
    '１２',
    'é',
    '\u202ea',
    'a"',
  ])('refuses %j', (value) => {
    expect(isWord(value)).toBe(false);
  });

  it('takes nothing that is more than words to BIRD', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        if (!isWord(value)) return;
        const statements = parseStatements(`a ${value} b; c;`);
        expect(statements.map((s) => s.body)).toEqual([null, null]);
        expect(statements.map((s) => s.words.startsWith('a'))).toEqual([true, false]);
        expect(statements[0]?.words.replaceAll(' ', '')).toBe(`a${value}b`);
      }),
      { examples: [['//'], ['a/'], ['-']] },
    );
  });
});
