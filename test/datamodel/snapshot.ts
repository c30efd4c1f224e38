import { prefixesFor } from '../../src/core/keys.ts';
import type { Snapshot } from '../../src/datastore/datastore.ts';
import { KeySpace } from '../../src/datastore/key-space.ts';

/** A store of one node's data that a test changes step by step; entries that stay the same keep their identity, as in every datastore. */
export class TestStore {
  readonly #space: KeySpace;
  #writes = 0;

  constructor(node: string, entries: Iterable<readonly [key: string, value: string]> = []) {
    this.#space = new KeySpace(prefixesFor(node));
    for (const [key, value] of entries) this.put(key, value);
  }

  put(key: string, value: string): this {
    this.#writes++;
    this.#space.set(key, { value, version: String(this.#writes), origin: 'test' });
    return this;
  }

  delete(key: string): this {
    this.#space.set(key, null);
    return this;
  }

  snapshot(): Snapshot {
    return this.#space.snapshot();
  }
}
