import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { knownStatements } from '../../src/bird/known-statements.ts';
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
  'password "protocol";',
);
const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'));

describe('statements that are remembered in parts', () => {
  it('are those of the whole text, also where it is cut in the midst of a statement', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (texts) => {
        for (const each of texts) expect(knownStatements(each).map(canonical)).toEqual(canonicals(each));
      }),
      { numRuns: 3_000 },
    );
  });

  it('are the same objects in two texts that have them both', () => {
    const session = (name: string) => `# ${name}\nprotocol bgp ${name} {\n  neighbor 10.0.0.2 as 1;\n}\n`;
    const [a, b] = [knownStatements(session('A') + session('B')), knownStatements(session('B') + session('C'))];
    expect(b[0]).toBe(a[1]);
    expect(b[1]).not.toBe(a[0]);
  });
});
