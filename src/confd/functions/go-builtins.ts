import { byBytes } from '../../core/order.ts';
import { Arguments } from './arguments.ts';
import { goFormat, goLength, goPrint } from './go-format.ts';
import { goText } from './go-text.ts';
import { FunctionError, type FunctionTable } from './key-value.ts';

const ANY = Number.POSITIVE_INFINITY;

/** Go's templates take nothing, none of something, 0 and "" for false. */
const isTrue = (value: unknown): boolean => Boolean(value) && goLength(value) !== 0;

const HTML: Readonly<Record<string, string>> = {
  '\0': '\uFFFD',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

const JS: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '"': '\\"' };

const escapedForJs = (text: string): string =>
  text.replace(/[\\'"<>&=\p{Cc}\u2028\u2029]/gu, (c) => {
    const code = c.codePointAt(0) ?? 0;
    return JS[c] ?? `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
  });

const escapedForUrl = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+');

/** Below, at or above 0; throws for two kinds, and for what has no order. */
function compared(name: string, a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return byBytes(a, b);
  throw new FunctionError(`${name}: incompatible types for comparison: ${typeof a} and ${typeof b}`);
}

function equal(name: string, a: unknown, b: unknown): boolean {
  if (typeof a === 'boolean' && typeof b === 'boolean') return a === b;
  if (a === null || b === null || a === undefined || b === undefined) return (a ?? null) === (b ?? null);
  return compared(name, a, b) === 0;
}

const order =
  (name: string, holds: (order: number) => boolean) =>
  (...given: readonly unknown[]): boolean => {
    new Arguments(name, given).count(2, 2);
    return holds(compared(name, given[0], given[1]));
  };

function indexed(value: unknown, at: unknown): unknown {
  if (Array.isArray(value)) {
    const i = new Arguments('index', [value, at]).whole(1);
    if (i >= 0 && i < value.length) return value[i];
    throw new FunctionError(`index: out of range: ${i}`);
  }
  if (typeof value === 'object' && value !== null && typeof at === 'string') {
    if (Object.hasOwn(value, at)) return (value as Readonly<Record<string, unknown>>)[at];
    throw new FunctionError(`index: there is no ${JSON.stringify(at)}`);
  }
  throw new FunctionError(`index: expected a list and a number, or an object and a name, found ${typeof value}`);
}

function sliced(given: readonly unknown[]): unknown {
  const args = new Arguments('slice', given).count(1, 3);
  const value = given[0];
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : args.list(0);
  const from = args.has(1) ? args.whole(1) : 0;
  const to = args.has(2) ? args.whole(2) : bytes.length;
  if (from < 0 || to < from || to > bytes.length) throw new FunctionError(`slice: out of range: ${from}, ${to}`);
  const part = bytes.slice(from, to);
  return part instanceof Uint8Array ? new TextDecoder().decode(part) : part;
}

/** What Go's text/template has built in and Handlebars lacks, with the same results (spec confd, 1.3). */
export const GO_BUILTINS: FunctionTable = {
  and: (...given) => given.find((value) => !isTrue(value)) ?? given.at(-1),
  or: (...given) => given.find(isTrue) ?? given.at(-1),
  not: (...given) => !isTrue(new Arguments('not', given).count(1, 1).rest[0]),
  len: (...given) => {
    const args = new Arguments('len', given).count(1, 1);
    const length = goLength(given[0]);
    if (length === null) throw args.fault(0, 'a text, a list or an object');
    return length;
  },
  index: (...given) => {
    const [value, ...path] = new Arguments('index', given).count(1, ANY).rest;
    return path.reduce(indexed, value);
  },
  slice: (...given) => sliced(given),
  print: (...given) => goPrint(given),
  println: (...given) => `${given.map(goText).join(' ')}\n`,
  printf: (...given) => goFormat(new Arguments('printf', given).count(1, ANY).text(0), given.slice(1)),
  html: (...given) => goPrint(given).replace(/[\0"'&<>]/g, (c) => HTML[c] ?? c),
  js: (...given) => escapedForJs(goPrint(given)),
  urlquery: (...given) => escapedForUrl(goPrint(given)),
  eq: (...given) => {
    const [first, ...others] = new Arguments('eq', given).count(2, ANY).rest;
    return others.some((other) => equal('eq', first, other));
  },
  ne: (...given) => {
    new Arguments('ne', given).count(2, 2);
    return !equal('ne', given[0], given[1]);
  },
  lt: order('lt', (n) => n < 0),
  le: order('le', (n) => n <= 0),
  gt: order('gt', (n) => n > 0),
  ge: order('ge', (n) => n >= 0),
};
