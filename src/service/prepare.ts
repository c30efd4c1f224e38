import { systemClock } from '../core/clock.ts';
import { type DataLayout, prefixesFor } from '../core/keys.ts';
import type { Log } from '../core/log.ts';
import type { LastGood } from '../datamodel/decode-entries.ts';
import { resolveFileOwner } from '../host/file-owner.ts';
import { readLedgers } from '../host/ledger.ts';
import { Place } from '../pass/place.ts';
import { DAEMONS, type Settings } from '../settings.ts';
import type { Target } from '../targets.ts';
import { Managed } from './managed.ts';

/** How targets are made once the ledgers are read; the command line hands it in. */
export type MakeTargets = (
  settings: Settings,
  known: { readonly lastGood: LastGood; readonly data: DataLayout | null },
) => Promise<readonly Target[]>;

/** What a service begins with. */
export interface Prepared {
  readonly all: readonly Managed[];
  /** With the layout of the data that the ledgers remember, where none was asked for. */
  readonly settings: Settings;
}

/** Every target with its place and its ledger. Rejects with a StageError `commit` when a ledger cannot be read, or a UsageError. */
export async function prepare(given: Settings, makeTargets: MakeTargets, log: Log): Promise<Prepared> {
  const { readings, lastGood, data } = await readLedgers(given.stateDir, DAEMONS);
  const settings = { ...given, data: given.data ?? data };
  for (const [target, { warning }] of readings) {
    if (warning) log('warn', 'ledger-unreadable', { target, message: warning });
  }
  // By the very object that was given: what was read for it is kept by that.
  const targets = await makeTargets(given, { lastGood, data });
  const all = targets.map((target) => {
    const { socket } = settings.daemons[target.name === 'bird6' ? 'bird6' : 'bird'];
    const ledger = readings.get(target.name)?.record;
    if (!ledger) throw new Error(`bug: no ledger for ${target.name}`);
    const { stateDir, output, check, undoSeconds, limits, acceptTakeover, history } = settings;
    const destination = async () => ({
      output,
      mode: settings.fileMode,
      ...(await resolveFileOwner(settings, socket)),
    });
    const prefixes = prefixesFor(settings.nodeName, settings.data);
    const { nodeName: node } = settings;
    const place = {
      name: target.name,
      node,
      prefixes,
      stateDir,
      output,
      socket,
      destination,
      check,
      clock: systemClock,
    };
    return new Managed(target, new Place({ ...place, undoSeconds, limits, acceptTakeover, history }, ledger), log);
  });
  return { all, settings };
}
