import { type Diagnostic, show } from '../core/diagnostic.ts';

/** Where a value stands below the resource's root. */
export type Path = readonly (string | number)[];

/** A Diagnostic that does not yet know its key. */
export type Fault = Omit<Diagnostic, 'key'>;

/** What a decoder returns for a value it has refused; the reason is in the faults. */
export const INVALID = Symbol('invalid');
export type Invalid = typeof INVALID;

/** The shape of a field, for tests and documentation that walk the schemas. */
export type Shape =
  | { readonly type: 'string' | 'number' | 'boolean'; readonly expects: string }
  | { readonly type: 'list' | 'map'; readonly item: Shape }
  | { readonly type: 'record'; readonly fields: Readonly<Record<string, Shape>> };

/**
 * One field of a resource: its shape, and how a JSON value becomes a typed one. `decode` never throws; a refused value adds an
 * error to `faults` and gives INVALID, a doubtful one adds a warning. JSON null and absence are the same, as in Go.
 */
export interface Field<T> {
  readonly shape: Shape;
  decode(value: unknown, path: Path, faults: Fault[]): T | Invalid;
}

export type FieldType<F> = F extends Field<infer T> ? T : never;

function refuse(faults: Fault[], path: Path, expects: string, value: unknown): Invalid {
  const message = `expected ${expects}, found ${value === undefined ? 'nothing' : show(value)}`;
  faults.push({ severity: 'error', code: value === undefined ? 'missing-value' : 'invalid-value', path, message });
  return INVALID;
}

/** A string that `parse` understands; `expects` completes the sentence "expected …". */
export const text = <T>(expects: string, parse: (value: string) => T | null): Field<T> => ({
  shape: { type: 'string', expects },
  decode: (value, path, faults) => {
    const parsed = typeof value === 'string' ? parse(value) : null;
    return parsed === null ? refuse(faults, path, expects, value) : parsed;
  },
});

/** A whole number or a string, as Calico's own types take both; `parse` gets either as text. */
export const textOrNumber = <T>(expects: string, parse: (value: string) => T | null): Field<T> => ({
  shape: { type: 'string', expects },
  decode: (value, path, faults) => {
    // A number with a fraction is refused: JSON cannot tell 1.1 from 1.10, which are two dotted AS numbers.
    const parsed = typeof value === 'string' || Number.isInteger(value) ? parse(String(value)) : null;
    return parsed === null ? refuse(faults, path, expects, value) : parsed;
  },
});

export const integer = (min: number, max: number): Field<number> => {
  const expects = `a whole number from ${min} to ${max}`;
  return {
    shape: { type: 'number', expects },
    decode: (value, path, faults) => {
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
      return fits ? value : refuse(faults, path, expects, value);
    },
  };
};

export const boolean: Field<boolean> = {
  shape: { type: 'boolean', expects: 'true or false' },
  decode: (value, path, faults) => (typeof value === 'boolean' ? value : refuse(faults, path, 'true or false', value)),
};

/** One of the given words. */
export const oneOf = <const T extends string>(...words: readonly T[]): Field<T> =>
  text(`one of ${words.map((w) => `"${w}"`).join(', ')}`, (value) => words.find((w) => w === value) ?? null);

/** One of the given words; Calico takes any other one for `otherwise`, and so do we, with a warning. */
export const oneOfOr = <const T extends string>(otherwise: T, ...words: readonly T[]): Field<T> => {
  const strict = oneOf(...words);
  return {
    shape: strict.shape,
    decode: (value, path, faults) => {
      if (typeof value !== 'string') return strict.decode(value, path, faults);
      const found = words.find((w) => w === value);
      if (found !== undefined) return found;
      const message = `${show(value)} is not one of ${words.map((w) => `"${w}"`).join(', ')}: taken for "${otherwise}"`;
      faults.push({ severity: 'warning', code: 'unknown-word', path, message });
      return otherwise;
    },
  };
};

/** The field, or `otherwise` where it is absent or null. */
export const optional = <T, D>(field: Field<T>, otherwise: D): Field<T | D> => ({
  shape: field.shape,
  decode: (value, path, faults) =>
    value === undefined || value === null ? otherwise : field.decode(value, path, faults),
});

/** The field, or null where it is absent, null or the empty string, which is how Calico writes "not set". */
export const unlessEmpty = <T>(field: Field<T>): Field<T | null> => ({
  shape: field.shape,
  decode: (value, path, faults) =>
    value === undefined || value === null || value === '' ? null : field.decode(value, path, faults),
});

/** Every item is decoded, so that all faults are told at once; one refused item refuses the list. */
export const list = <T>(item: Field<T>): Field<readonly T[]> => ({
  shape: { type: 'list', item: item.shape },
  decode: (value, path, faults) => {
    if (!Array.isArray(value)) return refuse(faults, path, 'a list', value);
    const items = value.map((v, i) => item.decode(v, [...path, i], faults));
    return items.includes(INVALID) ? INVALID : (items as T[]);
  },
});

/** An object whose member names are free; names and values are text. */
export const mapOf = <T>(item: Field<T>): Field<ReadonlyMap<string, T>> => ({
  shape: { type: 'map', item: item.shape },
  decode: (value, path, faults) => {
    if (!isObject(value)) return refuse(faults, path, 'an object', value);
    const entries = Object.entries(value).map(([name, v]) => [name, item.decode(v, [...path, name], faults)] as const);
    return entries.some(([, v]) => v === INVALID) ? INVALID : new Map(entries as [string, T][]);
  },
});

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An object with these fields. `ignored` names fields that are the API's but none of our business ("*": all others are);
 * every other field is probably a spelling mistake, and a warning.
 */
export function record<F extends Readonly<Record<string, Field<unknown>>>>(
  fields: F,
  ignored: readonly string[] = [],
): Field<{ readonly [K in keyof F]: FieldType<F[K]> }> {
  const shape: Shape = {
    type: 'record',
    fields: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.shape])),
  };
  const entries = Object.entries(fields);
  const known = new Set([...Object.keys(fields), ...ignored]);
  return {
    shape,
    decode: (value, path, faults) => {
      if (!isObject(value)) return refuse(faults, path, 'an object', value);
      const decoded: Record<string, unknown> = {};
      let valid = true;
      for (const [name, field] of entries) {
        const given = Object.hasOwn(value, name) ? value[name] : undefined;
        const result = field.decode(given, [...path, name], faults);
        if (result === INVALID) valid = false;
        decoded[name] = result;
      }
      if (known.has('*')) return valid ? (decoded as { [K in keyof F]: FieldType<F[K]> }) : INVALID;
      for (const name of Object.keys(value))
        if (!known.has(name)) faults.push(unknownField([...path, name.slice(0, 64)]));
      return valid ? (decoded as { [K in keyof F]: FieldType<F[K]> }) : INVALID;
    },
  };
}

const unknownField = (path: Path): Fault => ({
  severity: 'warning',
  code: 'unknown-field',
  path,
  message: 'this field is not known here and has no effect',
});

/** The same field for values that no message may show: its faults say where and what was expected, not what was found. */
export const secretly = <T>(field: Field<T>): Field<T> => ({
  shape: field.shape,
  decode: (value, path, faults) => {
    const hidden: Fault[] = [];
    const decoded = field.decode(value, path, hidden);
    for (const fault of hidden) {
      faults.push({ ...fault, message: fault.message.replace(/, found .*$/s, ', found another value') });
    }
    return decoded;
  },
});
