import { byBytes } from '../../core/order.ts';

/** The length that Go's `len` gives a text: its bytes in UTF-8. */
export const bytesIn = (text: string): number => new TextEncoder().encode(text).length;

/** A key as `get` and `gets` give it, which Go prints as a struct. */
const isPair = (value: object): value is { readonly Key: unknown; readonly Value: unknown } =>
  Object.keys(value).join() === 'Key,Value';

/** A value as Go's `%v` prints it: `[a b]`, `map[k:v]`, `{/key value}`, `<nil>`. Whole numbers stay whole. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  if (isPair(value)) return `{${goText(value.Key)} ${goText(value.Value)}}`;
  const entries = Object.entries(value).sort(([a], [b]) => byBytes(a, b));
  return `map[${entries.map(([key, item]) => `${key}:${goText(item)}`).join(' ')}]`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** A text as Go's `%q` prints it. */
export function goQuoted(text: string): string {
  const escaped = [...text].map((c) => {
    const code = c.codePointAt(0) ?? 0;
    const known = ESCAPES[c];
    if (known) return known;
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
    if (!/[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u.test(c) && (c === ' ' || !/\p{Zs}/u.test(c))) return c;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped.join('')}"`;
}
