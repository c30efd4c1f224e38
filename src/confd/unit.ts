import { messageOf, StageError } from '../core/errors.ts';
import type { PassContext } from './pass-context.ts';
import { reloadKeyOf } from './reload-key.ts';
import type { TemplateResource } from './resource.ts';
import { ResourceRenderer } from './resource-renderer.ts';
import { readUnitRecord, type UnitRecord, unitLedgerPath, writeUnitRecord } from './unit-ledger.ts';

/** Resources that go live together: one, or all of a `group_unit`. Its memory outlives the process, where there is a place for it. */
export class Unit {
  readonly name: string;
  readonly renderers: readonly ResourceRenderer[];
  readonly #context: PassContext;
  #record: UnitRecord | null | undefined = undefined;
  #hasWarned = false;
  /** Tries that failed one after the other. */
  #failures = 0;

  constructor(name: string, resources: readonly TemplateResource[], context: PassContext) {
    this.name = name;
    this.#context = context;
    this.renderers = resources.map((resource) => new ResourceRenderer(resource, context));
  }

  get resources(): readonly TemplateResource[] {
    return this.renderers.map(({ resource }) => resource);
  }

  /** The different ways in which its services are told, in the order of its resources. */
  get reloads(): readonly { readonly key: string; readonly resource: TemplateResource }[] {
    const byKey = new Map(this.resources.map((resource) => [reloadKeyOf(resource), resource] as const));
    return [...byKey].map(([key, resource]) => ({ key, resource }));
  }

  /** Null: nothing was ever written here. */
  async record(): Promise<UnitRecord | null> {
    if (this.#record === undefined) this.#record = await readUnitRecord(this.#path).catch((error) => this.#warn(error));
    return this.#record;
  }

  /** Keeps it on the disk; where that cannot be written, in this process, with one warning: confd never had a place for it. */
  async keep(record: UnitRecord): Promise<void> {
    if (JSON.stringify(this.#record) === JSON.stringify(record)) return;
    this.#record = record;
    await writeUnitRecord(this.#path, record).catch((error) => this.#warn(error));
  }

  /** The error of a try as its loop shall see it: after `max_attempts` that failed no other is worth it until the next change, which has as many. */
  limited(error: StageError | null): StageError | null {
    this.#failures = error?.retryable ? this.#failures + 1 : 0;
    const most = Math.min(...this.resources.map(({ retry }) => retry.attempts ?? Number.POSITIVE_INFINITY));
    if (!error || this.#failures < most) return error;
    this.#failures = 0;
    return new StageError(error.stage, error.code, error.message, { retryable: false, cause: error });
  }

  get #path(): string {
    return unitLedgerPath(this.#context.stateDir, this.name);
  }

  #warn(error: unknown): null {
    if (!this.#hasWarned) {
      const message = `${messageOf(error)}: an owed reload is not remembered across a restart (-state-dir)`;
      this.#context.log('warn', 'no-memory', { unit: this.name, message });
    }
    this.#hasWarned = true;
    return null;
  }
}
