import { Arguments } from './arguments.ts';
import { FunctionError, type FunctionTable } from './key-value.ts';

const WORDS: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** More numbers than this are a template's mistake, and would end the process for want of memory. */
const LONGEST = 1_000_000;

/** Two whole numbers, and a result that is exact; a division by 0 is the template's fault. */
const whole =
  (name: string, compute: (a: number, b: number) => number, divides = false) =>
  (...given: readonly unknown[]): number => {
    const args = new Arguments(name, given).count(2, 2);
    const [a, b] = [args.whole(0), args.whole(1)];
    if (divides && b === 0) throw new FunctionError(`${name}: division by zero`);
    const result = compute(a, b);
    if (!Number.isSafeInteger(result)) throw new FunctionError(`${name}: the result is out of range`);
    return result === 0 ? 0 : result;
  };

/** confd's functions over whole numbers and truth (spec confd, 1.3); division cuts off towards zero, as Go's. */
export const NUMBER_FUNCTIONS: FunctionTable = {
  add: whole('add', (a, b) => a + b),
  sub: whole('sub', (a, b) => a - b),
  mul: whole('mul', (a, b) => a * b),
  div: whole('div', (a, b) => Math.trunc(a / b), true),
  mod: whole('mod', (a, b) => a % b, true),
  seq: (...given) => {
    const args = new Arguments('seq', given).count(2, 2);
    const [first, last] = [args.whole(0), args.whole(1)];
    if (last - first >= LONGEST) throw new FunctionError('seq: the list is too long');
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  },
  atoi: (...given) => {
    const text = new Arguments('atoi', given).count(1, 1).text(0);
    if (!/^[+-]?\d{1,16}$/.test(text)) throw new FunctionError('atoi: its argument is no whole number');
    return Number(text);
  },
  parseBool: (...given) => {
    const value = WORDS[new Arguments('parseBool', given).count(1, 1).text(0)];
    if (value === undefined) throw new FunctionError('parseBool: its argument is no truth value');
    return value;
  },
};
