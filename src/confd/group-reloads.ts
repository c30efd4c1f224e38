import { asStageError, StageError } from '../core/errors.ts';
import type { PassContext } from './pass-context.ts';
import { reloadKey } from './reload-key.ts';
import type { TemplateResource } from './resource.ts';
import { runReload } from './run-reload.ts';

/** What came of a reload: `done`, an error, or the time (by the clock) before which it must not run. */
export type ReloadOutcome = 'done' | StageError | number;

/** The reloads of one pass: each different one runs once, whatever number of units waits for it. */
export class GroupReloads {
  readonly #context: PassContext;
  readonly #signal: AbortSignal;
  readonly #intervals = new Map<string, number>();
  readonly #outcomes = new Map<string, Promise<ReloadOutcome>>();

  /** `resources`: all that may wait for the same; the longest of their intervals counts. */
  constructor(resources: readonly TemplateResource[], context: PassContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
    for (const resource of resources) {
      const key = reloadKey(resource);
      this.#intervals.set(key, Math.max(this.#intervals.get(key) ?? 0, resource.minReloadMs));
    }
  }

  /** Never rejects. */
  run(resource: TemplateResource): Promise<ReloadOutcome> {
    const key = reloadKey(resource);
    const outcome = this.#outcomes.get(key) ?? this.#once(resource, key);
    this.#outcomes.set(key, outcome);
    return outcome;
  }

  async #once(resource: TemplateResource, key: string): Promise<ReloadOutcome> {
    const { mode } = resource.reload;
    if (mode === 'none') return 'done';
    const { clock, reloadedAt, log } = this.#context;
    const last = reloadedAt.get(key) ?? Number.NEGATIVE_INFINITY;
    const due = last + (this.#intervals.get(key) ?? 0);
    // Before `last` it is only where the clock was set back.
    if (clock.now() < due && clock.now() >= last) return due;
    try {
      await runReload(resource, this.#signal);
      reloadedAt.set(key, clock.now());
      log('info', 'reloaded', { resource: resource.name, mode });
      return 'done';
    } catch (thrown) {
      const error = asStageError('reload', thrown);
      const message = `template resource ${resource.name} (${resource.file}): ${error.message}; it is tried again`;
      return new StageError('reload', error.code, message, { retryable: error.retryable, cause: error });
    }
  }
}
