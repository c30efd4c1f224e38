import type { Clock } from '../core/clock.ts';
import { reloadKeyOf } from './reload-key.ts';
import type { TemplateResource } from './resource.ts';

/** Remembers when each reload was run last, so that none is run more often than its resources want. What is too early is due later, never lost. */
export class ReloadPace {
  readonly #clock: Clock;
  /** By what tells reloads apart: the longest `min_reload_interval` of those who share it. */
  readonly #intervals = new Map<string, number>();
  readonly #last = new Map<string, number>();

  constructor(resources: readonly TemplateResource[], clock: Clock) {
    this.#clock = clock;
    for (const resource of resources) {
      const key = reloadKeyOf(resource);
      this.#intervals.set(key, Math.max(this.#intervals.get(key) ?? 0, resource.minReloadMs));
    }
  }

  /** When it may run, in ms since 1970; null = now. */
  dueAt(key: string): number | null {
    const last = this.#last.get(key);
    if (last === undefined) return null;
    const due = last + (this.#intervals.get(key) ?? 0);
    return due > this.#clock.now() ? due : null;
  }

  /** It is run now. */
  note(key: string): void {
    this.#last.set(key, this.#clock.now());
  }
}
