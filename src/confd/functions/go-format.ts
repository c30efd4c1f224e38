import { bytesIn, goQuoted, goText } from './go-text.ts';

/** One `%…` of a format: flags, width, precision, verb. */
const DIRECTIVE = /%([-+# 0]*)(\d+)?(?:\.(\d*))?([a-zA-Z%])?/g;

const typeOf = (value: unknown): string =>
  typeof value === 'number'
    ? Number.isInteger(value)
      ? 'int'
      : 'float64'
    : typeof value === 'boolean'
      ? 'bool'
      : typeof value === 'string'
        ? 'string'
        : Array.isArray(value)
          ? '[]interface {}'
          : 'map[string]interface {}';

interface Shape {
  readonly flags: string;
  readonly precision: number | null;
}

const signed = (number: number, digits: string, flags: string): string =>
  number < 0 || Object.is(number, -0)
    ? `-${digits}`
    : flags.includes('+')
      ? `+${digits}`
      : flags.includes(' ')
        ? ` ${digits}`
        : digits;

const BASES: Readonly<Record<string, number>> = { d: 10, b: 2, o: 8, x: 16, X: 16 };
const PREFIXES: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0X' };

function wholeNumber(number: number, verb: string, { flags, precision }: Shape): string {
  const digits = Math.abs(number)
    .toString(BASES[verb])
    .padStart(precision ?? 0, '0');
  const stated = (flags.includes('#') ? (PREFIXES[verb] ?? '') : '') + digits;
  return signed(number, verb === 'X' ? stated.toUpperCase() : stated, flags);
}

/** Go writes an exponent with two digits at least. */
const withExponent = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2');

function float(number: number, verb: string, { flags, precision }: Shape): string {
  const size = Math.abs(number);
  if (verb === 'f' || verb === 'F') return signed(number, size.toFixed(precision ?? 6), flags);
  if (verb === 'e' || verb === 'E') {
    const text = withExponent(size.toExponential(precision ?? 6));
    return signed(number, verb === 'E' ? text.toUpperCase() : text, flags);
  }
  const text = withExponent(precision === null ? String(size) : String(Number(size.toPrecision(precision || 1))));
  return signed(number, text, flags);
}

const hex = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('');

function textOf(value: string, verb: string, { flags, precision }: Shape): string | null {
  const cut = precision === null ? value : [...value].slice(0, precision).join('');
  if (verb === 's' || verb === 'v') return flags.includes('#') && verb === 'v' ? goQuoted(value) : cut;
  if (verb === 'q') return flags.includes('#') && !cut.includes('`') ? `\`${cut}\`` : goQuoted(cut);
  if (verb === 'x') return hex(cut);
  return verb === 'X' ? hex(cut).toUpperCase() : null;
}

/** The value by its verb, or null where Go has none for its kind. */
function formatted(value: unknown, verb: string, shape: Shape): string | null {
  if (typeof value === 'string') return textOf(value, verb, shape);
  if (verb === 'v') return typeof value === 'number' ? float(value, 'v', shape) : goText(value);
  if (typeof value === 'boolean') return verb === 't' ? String(value) : null;
  if (Array.isArray(value)) {
    const items = value.map((item) => formatted(item, verb, shape) ?? wrong(verb, item));
    return `[${items.join(' ')}]`;
  }
  if (typeof value !== 'number') return null;
  if (verb in BASES && Number.isSafeInteger(value)) return wholeNumber(value, verb, shape);
  if (verb === 'c' && Number.isSafeInteger(value)) return String.fromCodePoint(value);
  if (verb === 'q' && Number.isSafeInteger(value)) return `'${String.fromCodePoint(value)}'`;
  if (verb === 'U' && Number.isSafeInteger(value)) return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`;
  return 'feFEgG'.includes(verb) ? float(value, verb, shape) : null;
}

const wrong = (verb: string, value: unknown): string =>
  value === null || value === undefined ? `%!${verb}(<nil>)` : `%!${verb}(${typeOf(value)}=${goText(value)})`;

function padded(text: string, width: number, flags: string, isNumber: boolean): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  const [, sign = '', rest = ''] = /^([+-]?)([\s\S]*)$/.exec(text) ?? [];
  return flags.includes('0')
    ? (isNumber ? sign : '') + '0'.repeat(missing) + (isNumber ? rest : text)
    : ' '.repeat(missing) + text;
}

/** As Go's fmt.Sprintf, also for what is missing, too much, or of another kind: `%!d(string=x)`. There are no `*` and no `[n]`. */
export function goFormat(format: string, values: readonly unknown[]): string {
  let next = 0;
  const text = format.replace(DIRECTIVE, (_, flags: string, width?: string, dot?: string, verb?: string) => {
    if (verb === undefined) return '%!(NOVERB)';
    if (verb === '%') return '%';
    if (next >= values.length) return `%!${verb}(MISSING)`;
    const value = values[next++];
    const shape = { flags, precision: dot === undefined ? null : Number(dot || 0) };
    const made = formatted(value, verb, shape);
    if (made === null) return wrong(verb, value);
    return padded(made, Number(width ?? 0), flags, typeof value === 'number');
  });
  const extra = values.slice(next).map((value) => (value == null ? '<nil>' : `${typeOf(value)}=${goText(value)}`));
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

/** As Go's fmt.Sprint: a blank between two values neither of which is a text. */
export const goPrint = (values: readonly unknown[]): string =>
  values
    .map((value, i) => {
      const isApart = i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string';
      return (isApart ? ' ' : '') + goText(value);
    })
    .join('');

/** As Go's len. Null for what has none. */
export function goLength(value: unknown): number | null {
  if (typeof value === 'string') return bytesIn(value);
  if (Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : null;
}
