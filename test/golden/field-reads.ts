const isPlain = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);

/**
 * Notes which fields of plain objects are there, and which of them somebody reads, by their paths: `peers[].password`. What it hands
 * out are stand-ins: the same object always has the same one.
 */
export class FieldReads {
  readonly #there = new Set<string>();
  readonly #read = new Set<string>();
  readonly #standIns = new WeakMap<object, object>();

  of<T>(value: T, path = ''): T {
    if (!isPlain(value)) return value;
    const known = this.#standIns.get(value) ?? this.#standIn(value, path);
    this.#standIns.set(value, known);
    return known as T;
  }

  /** The fields that were there and that nobody ever read, sorted. */
  get never(): readonly string[] {
    return [...this.#there].filter((path) => !this.#read.has(path)).sort();
  }

  get size(): number {
    return this.#there.size;
  }

  #standIn(value: object, path: string): object {
    const isList = Array.isArray(value);
    const pathOf = (name: string) => (isList ? `${path}[]` : path === '' ? name : `${path}.${name}`);
    if (!isList) for (const name of Object.keys(value)) this.#there.add(pathOf(name));
    return new Proxy(value, {
      get: (target, property, receiver) => {
        const found = Reflect.get(target, property, receiver);
        if (typeof property === 'symbol' || !Object.hasOwn(target, property)) return found;
        if (!isList) this.#read.add(pathOf(property));
        return this.of(found, pathOf(property));
      },
    });
  }
}
