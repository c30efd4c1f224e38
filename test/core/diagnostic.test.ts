import { describe, expect, it } from 'vitest';
import { type Diagnostic, formatDiagnostic, hasErrors, show, sortDiagnostics } from '../../src/core/diagnostic.ts';

const diagnostic = (key: string, path: readonly (string | number)[], code = 'code', message = 'm'): Diagnostic => ({
  severity: 'warning',
  code,
  key,
  path,
  message,
});

describe('sortDiagnostics', () => {
  it('orders by key, path and code, and tells each once', () => {
    const list = [
      diagnostic('b', []),
      diagnostic('a', ['spec', 1]),
      diagnostic('a', ['spec'], 'z'),
      diagnostic('a', ['spec'], 'y'),
      diagnostic('a', ['spec'], 'y'),
      diagnostic('a', ['spec'], 'y', 'another message'),
      diagnostic('B', []),
    ];
    expect(
      sortDiagnostics(list).map(({ key, path, code, message }) => [key, ...path, code, message].join(' ')),
    ).toEqual(['B code m', 'a spec y another message', 'a spec y m', 'a spec z m', 'a spec 1 code m', 'b code m']);
    expect(sortDiagnostics(list.toReversed())).toEqual(sortDiagnostics(list));
  });
});

describe('show', () => {
  it('takes a value of any depth that JSON can be read to', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    expect(show(deep)).toBe('a value that is nested too deeply to be shown');
  });
});

describe('formatDiagnostic', () => {
  it('is one line with key and path', () => {
    expect(formatDiagnostic(diagnostic('/k', ['spec', 'list', 0]))).toBe('warning code /k spec.list.0: m');
    expect(formatDiagnostic(diagnostic('/k', []))).toBe('warning code /k: m');
  });

  it('stays one line and steers no terminal, whatever keys and paths hold', () => {
    const text = formatDiagnostic(diagnostic('/k\nerror', ['\x1b[31m', 'a\u202eb'], 'code', 'x\u2028y\x9b'));
    expect(text).toBe('warning code /k\\u{a}error \\u{1b}[31m.a\\u{202e}b: x\\u{2028}y\\u{9b}');
  });
});

describe('show', () => {
  it.each([
    ['text', '"text"'],
    ['a "quoted"\nline', '"a \\"quoted\\"\\nline"'],
    ['\u202e\x7f\u200b', '"\\u{202e}\\u{7f}\\u{200b}"'],
    [12, '12'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{ a: [1] }, '{"a":[1]}'],
  ])('shows %j as %s', (value, expected) => {
    expect(show(value)).toBe(expected);
  });

  it('cuts what is long, and says how long it is', () => {
    expect(show('x'.repeat(200))).toBe(`"${'x'.repeat(79)}… (202 characters)`);
  });
});

describe('hasErrors', () => {
  it('is about errors, not warnings', () => {
    expect(hasErrors([])).toBe(false);
    expect(hasErrors([diagnostic('/k', [])])).toBe(false);
    expect(hasErrors([diagnostic('/k', []), { ...diagnostic('/k', []), severity: 'error' }])).toBe(true);
  });
});
