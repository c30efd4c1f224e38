import type { Datastore, DatastoreHealth, Snapshot } from './datastore.ts';
import { KeySpace } from './key-space.ts';

/** A datastore in this process: what the golden harness renders from, and the contract's plainest form. */
export class MemoryDatastore implements Datastore {
  readonly #values: Map<string, string>;
  #space: KeySpace | null = null;
  #onNewer: (() => void) | null = null;
  #writes = 0;

  constructor(values: Readonly<Record<string, string>> = {}) {
    this.#values = new Map(Object.entries(values));
  }

  async start(prefixes: readonly string[], onNewer: () => void, signal: AbortSignal): Promise<void> {
    this.#space = new KeySpace(prefixes);
    for (const [key, value] of this.#values) this.#copy(key, value);
    this.#space.at(String(this.#writes));
    if (signal.aborted) return;
    this.#onNewer = onNewer;
    signal.addEventListener('abort', () => void this.close(), { once: true });
  }

  put(key: string, value: string): void {
    this.#values.set(key, value);
    this.#changed(key, value);
  }

  delete(key: string): void {
    this.#values.delete(key);
    this.#changed(key, null);
  }

  snapshot(): Snapshot {
    if (!this.#space) throw new Error('bug: snapshot before start');
    return this.#space.snapshot();
  }

  health(): DatastoreHealth {
    return { inSync: this.#space !== null, staleSince: null, lastError: null };
  }

  /** There is nothing to be read but the copy itself. */
  reread(): void {}

  async close(): Promise<void> {
    this.#onNewer = null;
  }

  #copy(key: string, value: string | null): boolean {
    this.#writes++;
    const entry = value === null ? null : { value, version: String(this.#writes), origin: 'memory' };
    return this.#space?.set(key, entry) ?? false;
  }

  #changed(key: string, value: string | null): void {
    const changed = this.#copy(key, value);
    this.#space?.at(String(this.#writes));
    if (changed) this.#onNewer?.();
  }
}
