import { type Diagnostic, show } from '../core/diagnostic.ts';

/** A Diagnostic that does not yet know its key; `path` begins at the value that was decoded. */
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
 * error to `faults` and gives INVALID, a doubtful one adds a warning. JSON null and absence are the same, as in Go. A field does not know
 * where it stands: whoever decodes a part of a value puts the part's name before the paths of its faults.
 */
export interface Field<T> {
  readonly shape: Shape;
  decode(value: unknown, faults: Fault[]): T | Invalid;
}

export type FieldType<F> = F extends Field<infer T> ? T : never;

/** Adds `name` to the faults of a part, those from `first` on. There are none as a rule, and then no path is made of anything. */
function placeBelow(name: string | number, faults: Fault[], first: number): void {
  for (let i = first; i < faults.length; i++) faults[i] = { ...faults[i]!, path: [name, ...faults[i]!.path] };
}

function refuse(faults: Fault[], expects: string, value: unknown): Invalid {
  const message = `expected ${expects}, found ${value === undefined ? 'nothing' : show(value)}`;
  faults.push({ severity: 'error', code: value === undefined ? 'missing-value' : 'invalid-value', path: [], message });
  return INVALID;
}

/** A string that `parse` understands; `expects` completes the sentence "expected …". */
export const text = <T>(expects: string, parse: (value: string) => T | null): Field<T> => ({
  shape: { type: 'string', expects },
  decode: (value, faults) => {
    const parsed = typeof value === 'string' ? parse(value) : null;
    return parsed === null ? refuse(faults, expects, value) : parsed;
  },
});

/** A whole number or a string, as Calico's own types take both; `parse` gets either as text. */
export const textOrNumber = <T>(expects: string, parse: (value: string) => T | null): Field<T> => ({
  shape: { type: 'string', expects },
  decode: (value, faults) => {
    // A number with a fraction is refused: JSON cannot tell 1.1 from 1.10, which are two dotted AS numbers.
    const parsed = typeof value === 'string' || Number.isInteger(value) ? parse(String(value)) : null;
    return parsed === null ? refuse(faults, expects, value) : parsed;
  },
});

export const integer = (min: number, max: number): Field<number> => {
  const expects = `a whole number from ${min} to ${max}`;
  return {
    shape: { type: 'number', expects },
    decode: (value, faults) => {
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
      return fits ? value : refuse(faults, expects, value);
    },
  };
};

export const boolean: Field<boolean> = {
  shape: { type: 'boolean', expects: 'true or false' },
  decode: (value, faults) => (typeof value === 'boolean' ? value : refuse(faults, 'true or false', value)),
};

/** One of the given words. */
export const oneOf = <const T extends string>(...words: readonly T[]): Field<T> =>
  text(`one of ${words.map((w) => `"${w}"`).join(', ')}`, (value) => words.find((w) => w === value) ?? null);

/** One of the given words; Calico takes any other one for `otherwise`, and so do we, with a warning. */
export const oneOfOr = <const T extends string>(otherwise: T, ...words: readonly T[]): Field<T> => {
  const strict = oneOf(...words);
  return {
    shape: strict.shape,
    decode: (value, faults) => {
      if (typeof value !== 'string') return strict.decode(value, faults);
      const found = words.find((w) => w === value);
      if (found !== undefined) return found;
      const message = `${show(value)} is not one of ${words.map((w) => `"${w}"`).join(', ')}: taken for "${otherwise}"`;
      faults.push({ severity: 'warning', code: 'unknown-word', path: [], message });
      return otherwise;
    },
  };
};

/** The field, or `otherwise` where it is absent or null. */
export const optional = <T, D>(field: Field<T>, otherwise: D): Field<T | D> => ({
  shape: field.shape,
  decode: (value, faults) => (value === undefined || value === null ? otherwise : field.decode(value, faults)),
});

/** The field, or null where it is absent, null or the empty string, which is how Calico writes "not set". */
export const unlessEmpty = <T>(field: Field<T>): Field<T | null> => ({
  shape: field.shape,
  decode: (value, faults) =>
    value === undefined || value === null || value === '' ? null : field.decode(value, faults),
});

/** Every item is decoded, so that all faults are told at once; one refused item refuses the list. */
export const list = <T>(item: Field<T>): Field<readonly T[]> => ({
  shape: { type: 'list', item: item.shape },
  decode: (value, faults) => {
    if (!Array.isArray(value)) return refuse(faults, 'a list', value);
    const items = value.map((v, i) => {
      const first = faults.length;
      const decoded = item.decode(v, faults);
      placeBelow(i, faults, first);
      return decoded;
    });
    return items.includes(INVALID) ? INVALID : (items as T[]);
  },
});

/** An object whose member names are free; names and values are text. */
export const mapOf = <T>(item: Field<T>): Field<ReadonlyMap<string, T>> => ({
  shape: { type: 'map', item: item.shape },
  decode: (value, faults) => {
    if (!isObject(value)) return refuse(faults, 'an object', value);
    const decoded = new Map<string, T>();
    let isValid = true;
    for (const name of Object.keys(value)) {
      const first = faults.length;
      const result = item.decode(value[name], faults);
      placeBelow(name, faults, first);
      if (result === INVALID) isValid = false;
      else decoded.set(name, result);
    }
    return isValid ? decoded : INVALID;
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
  const names = Object.keys(fields);
  const all = Object.values(fields);
  const blank = Object.fromEntries(names.map((name) => [name, null]));
  const known = new Set([...names, ...ignored]);
  const isOpen = known.has('*');
  return {
    shape,
    decode: (value, faults) => {
      if (!isObject(value)) return refuse(faults, 'an object', value);
      const decoded: Record<string, unknown> = { ...blank };
      let valid = true;
      for (let i = 0; i < names.length; i++) {
        const name = names[i]!;
        const first = faults.length;
        const result = all[i]!.decode(Object.hasOwn(value, name) ? value[name] : undefined, faults);
        if (faults.length > first) placeBelow(name, faults, first);
        if (result === INVALID) valid = false;
        else decoded[name] = result;
      }
      if (!isOpen) for (const name of Object.keys(value)) if (!known.has(name)) faults.push(unknownField(name));
      return valid ? (decoded as { [K in keyof F]: FieldType<F[K]> }) : INVALID;
    },
  };
}

const unknownField = (name: string): Fault => ({
  severity: 'warning',
  code: 'unknown-field',
  path: [name.slice(0, 64)],
  message: 'this field is not known here and has no effect',
});

/** The same field for values that no message may show: its faults say where and what was expected, not what was found. */
export const secretly = <T>(field: Field<T>): Field<T> => ({
  shape: field.shape,
  decode: (value, faults) => {
    const hidden: Fault[] = [];
    const decoded = field.decode(value, hidden);
    for (const fault of hidden) {
      faults.push({ ...fault, message: fault.message.replace(/, found .*$/s, ', found another value') });
    }
    return decoded;
  },
});
