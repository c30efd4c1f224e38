import { systemClock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Datastore } from '../datastore/datastore.ts';
import { MemoryDatastore } from '../datastore/memory.ts';
import { keyRulesOf, openBackend } from './backends.ts';
import type { ConfdSettings } from './confd-settings.ts';
import type { TemplateResource } from './resource.ts';
import { type KeyRules, prefixesOf } from './resource-values.ts';

/** A datastore that is in sync with what the resources ask for. */
export interface OpenedKeys {
  readonly store: Datastore;
  readonly prefixes: readonly string[];
  readonly rules: KeyRules;
}

/** How keys are opened; `onOpen` gets the datastore before it is in sync. */
export interface OpenKeysOptions {
  readonly log: Log;
  readonly onOpen: (store: Datastore) => void;
  readonly onNewer: () => void;
  readonly signal: AbortSignal;
  readonly watch: boolean;
}

/** How long the first reading of the backend may take, where there is only one; and how long one that only fails. */
const ONCE_MS = 10_000;
const ONCE_FAILING_MS = 3_000;

/** Resolves once all keys are there; nothing is asked of a backend where nobody wants a key. Rejects as a datastore's start does. */
export async function openKeys(
  settings: ConfdSettings,
  resources: readonly TemplateResource[],
  { log, onOpen, onNewer, signal, watch }: OpenKeysOptions,
): Promise<OpenedKeys> {
  const rules = keyRulesOf(settings.backend);
  const prefixes = prefixesOf(resources, rules);
  const { environment, intervalMs: resyncMs } = settings;
  const needs = { log, clock: systemClock, watch, resyncMs, environment };
  const store: Datastore = prefixes.length === 0 ? new MemoryDatastore() : await openBackend(settings.backend, needs);
  onOpen(store);
  try {
    await store.start(prefixes, onNewer, signal);
  } catch (error) {
    await store.close();
    throw error;
  }
  return { store, prefixes, rules };
}

/** The same for one run: whoever waits for it is told soon when nobody answers, but a backend that is only slow gets its time. */
export async function openKeysOnce(
  settings: ConfdSettings,
  resources: readonly TemplateResource[],
  { log, stop }: { readonly log: Log; readonly stop: AbortSignal },
): Promise<OpenedKeys> {
  const failing = new AbortController();
  let store: Datastore | null = null;
  const timer = setTimeout(() => store?.health().lastError && failing.abort(), ONCE_FAILING_MS);
  const signal = AbortSignal.any([stop, failing.signal, AbortSignal.timeout(ONCE_MS)]);
  const onOpen = (opened: Datastore) => {
    store = opened;
  };
  try {
    return await openKeys(settings, resources, { log, onOpen, onNewer: () => {}, signal, watch: false });
  } finally {
    clearTimeout(timer);
  }
}
