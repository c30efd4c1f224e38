import { systemClock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Datastore } from '../datastore/datastore.ts';
import { MemoryDatastore } from '../datastore/memory.ts';
import { keyRulesOf, openBackend } from './backends.ts';
import type { ConfdSettings } from './confd-settings.ts';
import type { TemplateResource } from './resource.ts';
import { type KeyRules, prefixesOf } from './resource-values.ts';

/** A backend that follows what conf.d asks for, and how its keys are named. */
export interface OpenKeys {
  readonly store: Datastore;
  readonly prefixes: readonly string[];
  readonly rules: KeyRules;
}

/**
 * Starts the backend for what the resources ask for; nothing is asked of one where nobody wants a key. Rejects as `openBackend` and a
 * datastore's start do, and then nothing of it runs any more.
 */
export async function openKeys(
  settings: ConfdSettings,
  resources: readonly TemplateResource[],
  { log, onNewer, signal, watch }: { log: Log; onNewer: () => void; signal: AbortSignal; watch: boolean },
): Promise<OpenKeys> {
  const rules = keyRulesOf(settings.backend);
  const prefixes = prefixesOf(resources, rules);
  const { environment, intervalMs: resyncMs } = settings;
  const needs = { log, clock: systemClock, watch, resyncMs, environment };
  const store: Datastore = prefixes.length === 0 ? new MemoryDatastore() : await openBackend(settings.backend, needs);
  try {
    await store.start(prefixes, onNewer, signal);
  } catch (error) {
    await store.close();
    throw error;
  }
  return { store, prefixes, rules };
}
