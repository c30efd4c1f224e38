import type { Datastore, DatastoreHealth, Entry, Snapshot } from './datastore.ts';
import { KeySpace } from './key-space.ts';

/** A datastore in this process: what the golden harness renders from, and the contract's plainest form. */
export class MemoryDatastore implements Datastore {
  readonly #entries = new Map<string, Entry>();
  #space: KeySpace | null = null;
  #onNewer: (() => void) | null = null;
  #writes = 0;

  constructor(values: Readonly<Record<string, string>> = {}) {
    for (const [key, value] of Object.entries(values)) this.#note(key, value);
  }

  async start(prefixes: readonly string[], onNewer: () => void, signal: AbortSignal): Promise<void> {
    this.#space = new KeySpace(prefixes);
    this.#space.replace(this.#entries);
    this.#space.at(String(this.#writes));
    if (signal.aborted) return;
    this.#onNewer = onNewer;
    signal.addEventListener('abort', () => void this.close(), { once: true });
  }

  put(key: string, value: string): void {
    this.#note(key, value);
    this.#changed(this.#space?.set(key, this.#entries.get(key) ?? null));
  }

  delete(key: string): void {
    this.#note(key, null);
    this.#changed(this.#space?.set(key, null));
  }

  /** As when the source was read as a whole again, and these are all that was found. */
  replaceAll(values: Iterable<readonly [string, string]>): void {
    const found = new Map(values);
    for (const key of [...this.#entries.keys()]) if (!found.has(key)) this.#note(key, null);
    for (const [key, value] of found) if (this.#entries.get(key)?.value !== value) this.#note(key, value);
    this.#changed(this.#space?.replace(this.#entries));
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

  #note(key: string, value: string | null): void {
    this.#writes++;
    if (value === null) this.#entries.delete(key);
    else this.#entries.set(key, { value, version: String(this.#writes), origin: 'memory' });
  }

  #changed(isAnother: boolean | undefined): void {
    this.#space?.at(String(this.#writes));
    if (isAnother) this.#onNewer?.();
  }
}
