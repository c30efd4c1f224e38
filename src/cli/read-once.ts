import { systemClock } from '../core/clock.ts';
import { prefixesFor } from '../core/keys.ts';
import type { Log } from '../core/log.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import { openDatastore } from '../open-datastore.ts';
import type { Settings } from '../settings.ts';

/** How long a verb that reads once waits for a datastore, as Calico's own client does. */
const READ_MS = 10_000;

/** A wait is told, once: a person at a terminal should know what it is for. */
function tellingOnce(): Log {
  let told = false;
  return (level, _event, fields) => {
    if (told || level !== 'warn') return;
    process.stderr.write(`birdconfd: ${fields?.message ?? 'no answer'}; trying for ${READ_MS / 1000} s\n`);
    told = true;
  };
}

/**
 * One snapshot of the datastore, for verbs that read once: what the node's service asks for, unless `prefixes` names something else.
 * Rejects with a StageError `datastore` when it cannot be had in 10 s.
 */
export async function readOnce(
  settings: Settings,
  prefixes: readonly string[] = prefixesFor(settings.nodeName, settings.data),
): Promise<Snapshot> {
  const datastore = await openDatastore(settings, { log: tellingOnce(), clock: systemClock, watch: false });
  try {
    await datastore.start(prefixes, () => {}, AbortSignal.timeout(READ_MS));
    return datastore.snapshot();
  } finally {
    await datastore.close();
  }
}
