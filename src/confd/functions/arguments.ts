import { FunctionError, type KeyValue } from './key-value.ts';

/** What is told of a value: it may be a password. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'string' ? `a text of ${value.length} characters` : `a value of the kind ${typeof value}`;
}

/** The arguments of a call, each read as the kind that the function needs; what does not fit throws a FunctionError with the function's name. */
export class Arguments {
  readonly #name: string;
  readonly #values: readonly unknown[];

  constructor(name: string, values: readonly unknown[]) {
    this.#name = name;
    this.#values = values;
  }

  /** Throws unless there are so many of them. */
  count(least: number, most: number): this {
    const { length } = this.#values;
    if (length >= least && length <= most) return this;
    const wanted =
      least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
    throw new FunctionError(`${this.#name}: wants ${wanted} arguments, and has ${length}`);
  }

  get rest(): readonly unknown[] {
    return this.#values;
  }

  has = (at: number): boolean => at < this.#values.length;

  text(at: number): string {
    const value = this.#values[at];
    if (typeof value === 'string') return value;
    throw this.fault(at, 'a text');
  }

  /** A number, or a text that is one: Handlebars has no way to tell them apart in every place. */
  whole(at: number): number {
    const value = this.#values[at];
    const number = typeof value === 'string' && /^[+-]?\d{1,16}$/.test(value) ? Number(value) : value;
    if (Number.isSafeInteger(number)) return Number(number);
    throw this.fault(at, 'a whole number');
  }

  list(at: number): readonly unknown[] {
    const value = this.#values[at];
    if (Array.isArray(value)) return value;
    throw this.fault(at, 'a list');
  }

  texts(at: number): readonly string[] {
    const list = this.list(at);
    if (list.every((item) => typeof item === 'string')) return list;
    throw this.fault(at, 'a list of texts');
  }

  pairs(at: number): readonly KeyValue[] {
    const list = this.list(at);
    const isPair = (item: unknown): item is KeyValue => typeof item === 'object' && item !== null && 'Key' in item;
    if (list.every(isPair)) return list;
    throw this.fault(at, 'a list of keys, as gets gives it');
  }

  fault(at: number, expected: string): FunctionError {
    return new FunctionError(
      `${this.#name}: argument ${at + 1}: expected ${expected}, found ${kindOf(this.#values[at])}`,
    );
  }
}
