import { Arguments } from './arguments.ts';
import { basePath, dirPath } from './go-path.ts';
import { bytesIn } from './go-text.ts';
import { FunctionError, type FunctionTable } from './key-value.ts';

function parsed(name: string, text: string, isList: boolean): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // V8's message quotes the text, which may hold a password.
    throw new FunctionError(`${name}: its argument is no JSON`, { cause: error });
  }
  if (Array.isArray(value) !== isList || typeof value !== 'object' || value === null)
    throw new FunctionError(`${name}: its argument is no JSON ${isList ? 'list' : 'object'}`);
  return value;
}

/** As Go's strings.Replace: the first `count` occurrences, all of them where it is negative; an empty `old` is before every character and at the end. */
function replaced(text: string, old: string, by: string, count: number): string {
  if (count < 0) return old === '' ? [...text].map((c) => by + c).join('') + by : text.replaceAll(old, () => by);
  let rest = text;
  let done = '';
  for (let left = count; left > 0; left--) {
    const at = rest.indexOf(old);
    if (at < 0) break;
    const step = old === '' ? ([...rest][0]?.length ?? 0) : 0;
    done += rest.slice(0, at) + by + rest.slice(at, at + step);
    rest = rest.slice(at + old.length + step);
    if (old === '' && step === 0) break;
  }
  return done + rest;
}

const ascii = (text: string): boolean => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0;

/** confd's functions over texts and lists: each depends on its arguments alone (spec confd, 1.3). */
export const LIST_FUNCTIONS: FunctionTable = {
  base: (...given) => basePath(new Arguments('base', given).count(1, 1).text(0)),
  dir: (...given) => dirPath(new Arguments('dir', given).count(1, 1).text(0)),
  split: (...given) => {
    const args = new Arguments('split', given).count(2, 2);
    const [text, separator] = [args.text(0), args.text(1)];
    return separator === '' ? [...text] : text.split(separator);
  },
  join: (...given) => {
    const args = new Arguments('join', given).count(2, 2);
    return args.texts(0).join(args.text(1));
  },
  replace: (...given) => {
    const args = new Arguments('replace', given).count(4, 4);
    return replaced(args.text(0), args.text(1), args.text(2), args.whole(3));
  },
  trimSuffix: (...given) => {
    const args = new Arguments('trimSuffix', given).count(2, 2);
    const [text, suffix] = [args.text(0), args.text(1)];
    return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
  },
  contains: (...given) => {
    const args = new Arguments('contains', given).count(2, 2);
    return args.text(0).includes(args.text(1));
  },
  toUpper: (...given) => new Arguments('toUpper', given).count(1, 1).text(0).toUpperCase(),
  toLower: (...given) => new Arguments('toLower', given).count(1, 1).text(0).toLowerCase(),
  json: (...given) => parsed('json', new Arguments('json', given).count(1, 1).text(0), false),
  jsonArray: (...given) => parsed('jsonArray', new Arguments('jsonArray', given).count(1, 1).text(0), true),
  map: (...given) => {
    const args = new Arguments('map', given);
    if (given.length % 2 !== 0) throw new FunctionError('map: wants keys and values in pairs');
    const pairs = given.flatMap((_, i) => (i % 2 === 0 ? [[args.text(i), given[i + 1]] as const] : []));
    return Object.fromEntries(pairs);
  },
  base64Encode: (...given) =>
    btoa(
      Array.from(new TextEncoder().encode(new Arguments('base64Encode', given).count(1, 1).text(0)), (byte) =>
        String.fromCharCode(byte),
      ).join(''),
    ),
  base64Decode: (...given) => {
    const args = new Arguments('base64Decode', given).count(1, 1);
    const text = args.text(0).replace(/[\r\n]/g, '');
    if (!ascii(text)) throw new FunctionError('base64Decode: its argument is no base64');
    return new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
  },
  reverse: (...given) => [...new Arguments('reverse', given).count(1, 1).list(0)].reverse(),
  sortByLength: (...given) => {
    const list = [...new Arguments('sortByLength', given).count(1, 1).texts(0)];
    return list.sort((a, b) => bytesIn(a) - bytesIn(b));
  },
};
