import { systemClock } from '../core/clock.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { Dirty } from '../core/dirty.ts';
import { messageOf, StageError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Datastore } from '../datastore/datastore.ts';
import { ConfDir, type ConfDirReading } from './conf-dir.ts';
import type { ConfdSettings } from './confd-settings.ts';
import type { ConfdStatus } from './confd-status.ts';
import { groupLoop } from './group-loop.ts';
import { handlebarsEngine } from './handlebars-engine.ts';
import { type Group, makeGroups } from './make-groups.ts';
import { type OpenedKeys, openKeys, openKeysOnce } from './open-keys.ts';
import type { PassContext } from './pass-context.ts';
import { TargetOwners } from './target-owners.ts';
import { TemplateCache } from './template-cache.ts';

/** What a service tells, and to whom. */
export interface ConfdSurroundings {
  readonly log: Log;
  readonly show: (text: string) => void;
  readonly status: ConfdStatus;
}

/** How the service is stopped: at `stop` nothing new is begun, and what was written is still told to its service; `now` ends that too. */
export interface Stopping {
  readonly stop: AbortSignal;
  readonly now: AbortSignal;
}

function contextOf(
  settings: ConfdSettings,
  { store, prefixes, rules }: OpenedKeys,
  templates: TemplateCache,
  { log, show }: ConfdSurroundings,
): PassContext {
  const { environment, stateDir, noop, showSecrets, syncOnly, keepStageFile } = settings;
  const flags = { noop, showSecrets, syncOnly, keepStageFile };
  const clock = systemClock;
  return {
    snapshot: () => store.snapshot(),
    prefixes,
    rules,
    templates,
    environment,
    clock,
    stateDir,
    owners: new TargetOwners(),
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
  const keys = await openKeysOnce(settings, reading.resources, { log, stop });
  try {
    const templates = new TemplateCache(confDir.templatesDir, handlebarsEngine);
    const { groups, faults } = makeGroups(reading, contextOf(settings, keys, templates, surroundings), log);
    let isWell = faults.length === 0;
    for (const group of groups) {
      if (stop.aborted) break;
      const { error, hold } = await group.pass({ isQuiet: true, stop, signal: now });
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
 * else. Rejects with a StageError or UsageError that no waiting helps against, and with `isStart` where there is no resource.
 */
export async function serve(
  settings: ConfdSettings,
  surroundings: ConfdSurroundings,
  stopping: Stopping,
  { isStart }: { readonly isStart: boolean },
): Promise<void> {
  const { log } = surroundings;
  const confDir = new ConfDir(settings, { log, clock: systemClock, watch: true });
  const templates = new TemplateCache(confDir.templatesDir, handlebarsEngine);
  const changed = new Dirty();
  let raiseAll = () => {};
  let before: ConfDirReading | null = null;
  try {
    await confDir.start(
      () => changed.raise(),
      () => raiseAll(),
      stopping.stop,
    );
    for (let isFirst = true; !stopping.stop.aborted; isFirst = false) {
      changed.take();
      const reading = await confDir.read();
      if (isFirst && isStart) mustHaveResources(reading, settings);
      if (!isFirst) log('info', 'conf-dir-reread', { resources: reading.resources.length });
      const over = new AbortController();
      const signal = AbortSignal.any([stopping.stop, over.signal]);
      void changed.wait(signal).then(() => over.abort());
      const run = (one: ConfDirReading) =>
        generation(settings, one, templates, surroundings, { signal, now: stopping.now }, (raise) => {
          raiseAll = raise;
        });
      try {
        await run(reading);
        before = reading;
      } catch (error) {
        // An edit must not end what ran well without it.
        if (!before || !(error instanceof StageError)) throw error;
        log('error', 'conf-dir-refused', { message: `${messageOf(error)}; what conf.d said before stays in effect` });
        await run({ ...before, diagnostics: [...before.diagnostics, refusal(settings, error)] });
      }
      over.abort();
    }
  } finally {
    await confDir.close();
  }
}

const refusal = ({ confDir }: ConfdSettings, { stage, code }: StageError): Diagnostic => ({
  severity: 'error',
  code: 'refused',
  key: confDir,
  path: ['conf.d'],
  message: `what it says now cannot be followed (${stage} ${code}): what it said before stays in effect`,
});

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
  const onOpen = (store: Datastore) => {
    status.health = () => store.health();
  };
  let keys: OpenedKeys;
  try {
    keys = await openKeys(settings, reading.resources, { log, onOpen, onNewer, signal, watch: true });
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  try {
    const made = makeGroups(reading, contextOf(settings, keys, templates, surroundings), log);
    groups = made.groups;
    status.expect(
      groups.flatMap(({ units }) => units.map(({ name }) => name)),
      made.faults,
    );
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
