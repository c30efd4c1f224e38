import { systemClock } from '../core/clock.ts';
import { Dirty } from '../core/dirty.ts';
import { StageError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { ConfDir, type ConfDirReading } from './conf-dir.ts';
import type { ConfdSettings } from './confd-settings.ts';
import type { ConfdStatus } from './confd-status.ts';
import { groupLoop } from './group-loop.ts';
import { unitsOf } from './groups.ts';
import { handlebarsEngine } from './handlebars-engine.ts';
import { type Group, makeGroups } from './make-groups.ts';
import { type OpenKeys, openKeys } from './open-keys.ts';
import type { PassContext } from './pass-context.ts';
import { TemplateCache } from './template-cache.ts';

/** What a service tells, and to whom. */
export interface ConfdSurroundings {
  readonly log: Log;
  readonly show: (text: string) => void;
  readonly status: ConfdStatus;
}

/** How the service is stopped: `stop` lets a reload finish, `now` ends it. */
export interface Stopping {
  readonly stop: AbortSignal;
  readonly now: AbortSignal;
}

/** How long the first reading of the backend may take, where there is only one. */
const ONCE_MS = 10_000;

function contextOf(
  settings: ConfdSettings,
  { store, prefixes, rules }: OpenKeys,
  templates: TemplateCache,
  { log, show }: ConfdSurroundings,
): PassContext {
  const { environment, stateDir, noop, syncOnly, keepStageFile } = settings;
  const flags = { noop, syncOnly, keepStageFile };
  const clock = systemClock;
  return {
    snapshot: () => store.snapshot(),
    prefixes,
    rules,
    templates,
    environment,
    clock,
    stateDir,
    log,
    show,
    ...flags,
  };
}

/** Where conf.d has nothing that could be processed, confd is not set up: that is told, and is no success. */
function mustHaveResources({ files }: ConfDirReading, { confDir }: ConfdSettings): void {
  if (files > 0) return;
  throw new StageError('render', 'no-resources', `Found no template resources in ${confDir}/conf.d`, {
    retryable: false,
  });
}

/** Everything once. Resolves with true when all of it went well; rejects with a StageError when nothing could be tried. */
export async function processOnce(
  settings: ConfdSettings,
  surroundings: ConfdSurroundings,
  { stop, now }: Stopping,
): Promise<boolean> {
  const { log } = surroundings;
  const confDir = new ConfDir(settings, { log, clock: systemClock, watch: false });
  await confDir.start(
    () => {},
    () => {},
    stop,
  );
  const reading = await confDir.read();
  mustHaveResources(reading, settings);
  const signal = AbortSignal.any([stop, AbortSignal.timeout(ONCE_MS)]);
  const keys = await openKeys(settings, reading.resources, { log, onNewer: () => {}, signal, watch: false });
  try {
    const templates = new TemplateCache(confDir.templatesDir, handlebarsEngine);
    const groups = makeGroups(reading, contextOf(settings, keys, templates, surroundings), log);
    let isWell =
      reading.diagnostics.every(({ severity }) => severity !== 'error') &&
      unitsOf(reading.resources).diagnostics.length === 0;
    for (const group of groups) {
      if (stop.aborted) break;
      const { error, hold } = await group.pass({ isQuiet: true, signal: now });
      isWell &&= error === null && hold === null;
    }
    return isWell && !stop.aborted;
  } finally {
    await keys.store.close();
    await confDir.close();
  }
}

/**
 * The service, until `stop` aborts: one loop for each group of resources, over one datastore, begun anew whenever conf.d says something
 * else. Rejects with a StageError or UsageError that no waiting helps against.
 */
export async function serve(
  settings: ConfdSettings,
  surroundings: ConfdSurroundings,
  stopping: Stopping,
): Promise<void> {
  const { log } = surroundings;
  const confDir = new ConfDir(settings, { log, clock: systemClock, watch: true });
  const templates = new TemplateCache(confDir.templatesDir, handlebarsEngine);
  const changed = new Dirty();
  let raiseAll = () => {};
  try {
    await confDir.start(
      () => changed.raise(),
      () => raiseAll(),
      stopping.stop,
    );
    for (let isFirst = true; !stopping.stop.aborted; isFirst = false) {
      changed.take();
      const reading = await confDir.read();
      if (isFirst) mustHaveResources(reading, settings);
      else log('info', 'conf-dir-reread', { resources: reading.resources.length });
      const over = new AbortController();
      const signal = AbortSignal.any([stopping.stop, over.signal]);
      void changed.wait(signal).then(() => over.abort());
      await generation(settings, reading, templates, surroundings, { signal, now: stopping.now }, (raise) => {
        raiseAll = raise;
      });
      over.abort();
    }
  } finally {
    await confDir.close();
  }
}

/** The loops over one reading of conf.d, until `signal` aborts; a pass that is under way is finished first. */
async function generation(
  settings: ConfdSettings,
  reading: ConfDirReading,
  templates: TemplateCache,
  surroundings: ConfdSurroundings,
  { signal, now }: { readonly signal: AbortSignal; readonly now: AbortSignal },
  onRaise: (raise: () => void) => void,
): Promise<void> {
  const { log, status } = surroundings;
  let groups: readonly Group[] = [];
  const raiseAll = () => {
    for (const { dirty } of groups) dirty.raise();
  };
  // Between two intervals nothing is applied, but what is read then is current.
  const onNewer = settings.mode === 'watch' ? raiseAll : () => {};
  let keys: OpenKeys;
  try {
    keys = await openKeys(settings, reading.resources, { log, onNewer, signal, watch: true });
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  try {
    groups = makeGroups(reading, contextOf(settings, keys, templates, surroundings), log);
    status.expect(groups.flatMap(({ units }) => units.map(({ name }) => name)));
    status.health = () => keys.store.health();
    onRaise(raiseAll);
    log('info', 'in-sync', { revision: keys.store.snapshot().revision, resources: reading.resources.length });
    const { intervalMs } = settings;
    const around = { clock: systemClock, log, status, intervalMs };
    await Promise.all(groups.map((group) => groupLoop(group, around, { signal, now })));
    if (groups.length === 0) await new Dirty().next(signal);
  } finally {
    onRaise(() => {});
    await keys.store.close();
  }
}
