import { type DaemonObservation, withBirdDaemon } from '../bird/daemon-session.ts';
import { meaningOf } from '../bird/meaning.ts';
import type { BirdText } from '../bird/pieces.ts';
import { readConfiguration } from '../bird/protocols.ts';
import { isSameMoment } from '../bird/same-moment.ts';
import type { Expected } from '../bird/verify.ts';
import { StageError } from '../core/errors.ts';
import { isNewer } from '../host/is-newer.ts';
import type { ConfirmedBundle, LedgerRecord } from '../host/ledger.ts';
import { digestsOfTexts } from '../render/bundle.ts';
import { wholeOf } from '../render/whole.ts';
import type { Target } from '../targets.ts';
import type { World } from '../transaction/drive.ts';
import { type BundleId, isOpen, type Transaction } from '../transaction/machine.ts';
import type { Place } from './place.ts';

/** What is kept of a bundle beside its files. */
export type About = Pick<ConfirmedBundle, 'revision' | 'release'>;

/** The target's daemon, its files and its ledger, as a transaction acts on them. `about`: the data that the change was made from. */
export function worldOf(target: Target, place: Place, about: About, signal: AbortSignal): World {
  const { socket, clock, undoSeconds } = place.options;
  const timeoutMs = place.replyMs;
  const names = target.fileNames;
  const textOf = async (id: BundleId | null) => wholeOf((await place.filesOf(id, names)) ?? []);
  return {
    clock,
    signal,
    undoSeconds,
    converse: (use) => withBirdDaemon(socket, { configFile: target.configFile, signal, clock, timeoutMs }, use),
    write: async (id) => {
      const files = await place.filesOf(id, names);
      if (!files)
        throw new StageError('commit', 'lost', `the kept files of bundle ${id} are gone`, { retryable: true });
      await place.write(id, files);
    },
    moved: (txn) => place.moved(txn),
    expected: async (from, to) => expectedOf(await textOf(from), await textOf(to)),
    save: async (txn, seen) => place.save({ txn, ...(await recordOf(txn, seen)) }),
  };

  /** At rest the ledger says what BIRD runs; on the way there nothing is sure. */
  async function recordOf(txn: Transaction, seen: DaemonObservation | null): Promise<Partial<LedgerRecord>> {
    const { ledger, options } = place;
    const open = ledger.txn;
    if (isOpen(txn)) return { confirmed: null };
    const id = txn.at === 'held' ? (txn.from ?? txn.to) : 'to' in open ? open.to : null;
    const files = await place.filesOf(id, names);
    if (id === null || !files) return { confirmed: null };
    const { statements } = digestsOfTexts(files);
    const live = { bytes: id, statements };
    if (txn.at === 'held') return { live, confirmed: txn.from && statements };
    const now = { ...live, ...about, node: options.node, at: clock.now() };
    const history = [now, ...ledger.history.filter(({ bytes }) => bytes !== id)].slice(0, options.history);
    return { live, confirmed: statements, history, approval: null, ...(await startOf(ledger, seen)) };
  }

  /** A BIRD that was not known before has read the file that lay there when it started, and one that is younger than ours read that. */
  async function startOf(ledger: LedgerRecord, seen: DaemonObservation | null) {
    if (!seen) return {};
    const { boot, reconfigured } = seen;
    if (!('to' in ledger.txn)) return { boot, reconfigured };
    const { from, to } = ledger.txn;
    const isStartedSince = await isNewer(socket, target.configFile);
    const isKnown = ledger.boot !== null && isSameMoment(boot, ledger.boot) && ledger.listen !== null;
    if (isKnown && !isStartedSince) return { boot, reconfigured };
    return { boot, reconfigured, listen: readConfiguration(await textOf(isStartedSince ? to : from)).listen };
  }
}

function expectedOf(from: BirdText, to: BirdText): Expected {
  const { added, removed, restarted, reimported } = meaningOf(from, to);
  const changed = new Set([...added, ...removed, ...restarted]);
  return { names: [...readConfiguration(to).protocols.keys()], changed, reimported };
}
