import { type DaemonObservation, withBirdDaemon } from '../bird/daemon-session.ts';
import { type Meaning, meaningOf } from '../bird/meaning.ts';
import type { BirdText } from '../bird/pieces.ts';
import { readConfiguration } from '../bird/protocols.ts';
import { isSameMoment } from '../bird/same-moment.ts';
import type { Expected } from '../bird/verify.ts';
import { StageError } from '../core/errors.ts';
import { commitFiles } from '../host/commit.ts';
import { isNewer } from '../host/is-newer.ts';
import type { ConfirmedBundle, LedgerRecord } from '../host/ledger.ts';
import { isDisruptive, type Step } from '../plan.ts';
import { type Bundle, digestsOfTexts } from '../render/bundle.ts';
import { wholeOf } from '../render/whole.ts';
import type { Target } from '../targets.ts';
import { drive, type World } from '../transaction/drive.ts';
import { after, type BundleId, isOpen, type Transaction } from '../transaction/machine.ts';
import type { ChangeDecision } from './decide.ts';
import { blameOf } from './isolate.ts';
import { keepOwner } from './keep-owner.ts';
import type { Timed } from './pass.ts';
import type { Outcome } from './pass-report.ts';
import type { Place } from './place.ts';

/** What a pass did. */
export interface Changed {
  readonly outcome: Outcome;
  readonly steps: readonly Step[];
  readonly meaning: Meaning | null;
  readonly error: StageError | null;
}

/** What is kept of a bundle beside its files. */
type About = Pick<ConfirmedBundle, 'revision' | 'release'>;

/**
 * Has the bundle checked, begins its transaction and drives it as far as it goes. Rejects with a StageError `check` or `commit` as long
 * as nothing has been touched; what stops it later is in the result, and the transaction stays open.
 */
export async function change(
  { bundle, steps, from, meaning, release, revision }: ChangeDecision,
  target: Target,
  place: Place,
  signal: AbortSignal,
  timed: Timed,
): Promise<Changed> {
  if (steps.includes('commit')) {
    // While BIRD parses the kept files, theirs go to the disk; a refused bundle's are removed again.
    await place.stage(bundle.bytes, bundle.files);
    await check(bundle, target, place, signal, timed).catch(async (thrown) => {
      await place.unstage();
      throw thrown;
    });
  } else await timed('commit', () => place.put(bundle.bytes, bundle.files));
  if (from) await timed('commit', () => place.put(from.id, from.files));
  const { txn } = place.ledger;
  const isOnDisk = !steps.includes('commit');
  const began = after(txn, {
    is: 'begin',
    from: from?.id ?? null,
    to: bundle.bytes,
    timer: isDisruptive(meaning),
    isOnDisk,
  });
  await timed('commit', () => place.save({ txn: began, confirmed: null }));
  const done = await timed('reload', () => follow(target, place, { revision, release }, signal));
  return { ...done, steps, meaning };
}

/** Takes an open transaction as far as it goes; nothing to do at `idle` and `held`. `known`: of the data that it was made from. */
export async function finish(
  target: Target,
  place: Place,
  signal: AbortSignal,
  timed: Timed,
  known: About | null = null,
): Promise<Changed> {
  const { txn, history } = place.ledger;
  if (!isOpen(txn)) return { outcome: 'unchanged', steps: [], meaning: null, error: null };
  const about = known ?? { revision: history[0]?.revision ?? '', release: history[0]?.release ?? null };
  await timed('commit', () => keepOwner(target, place, null));
  const done = await timed('reload', () => follow(target, place, about, signal));
  return { ...done, steps: ['reload'], meaning: null };
}

/** Only comments differ: BIRD need not know. */
export async function rewrite(
  bundle: Bundle,
  target: Target,
  place: Place,
  signal: AbortSignal,
  timed: Timed,
): Promise<Changed> {
  await check(bundle, target, place, signal, timed);
  const { bytes, statements, files } = bundle;
  await timed('commit', async () => {
    // Who dies in the midst of it must not take his own files for another writer's.
    await place.save({ live: null });
    await commitFiles(files, await place.options.destination());
    const [last, ...older] = place.ledger.history;
    await place.save({ live: { bytes, statements }, history: last ? [{ ...last, bytes, statements }, ...older] : [] });
    await place.sweep();
  });
  return { outcome: 'committed', steps: ['commit'], meaning: null, error: null };
}

/** Drives the transaction that the ledger holds, and keeps where it came to. Rejects with a StageError `commit` when that cannot be kept. */
export async function follow(
  target: Target,
  place: Place,
  about: About,
  signal: AbortSignal,
): Promise<Pick<Changed, 'outcome' | 'error'>> {
  const { txn, error, seen } = await drive(place.ledger.txn, worldOf(target, place, about, signal));
  if (seen) place.silentSince = null;
  if (txn !== place.ledger.txn) await place.save({ txn });
  if (txn.at === 'held') {
    const now = place.options.clock.now();
    await place.save({ hold: { kinds: ['refused'], since: now, why: [txn.why], until: null } });
    return { outcome: 'held', error: null };
  }
  if (error) return { outcome: 'failed', error };
  await place.sweep();
  return { outcome: 'confirmed', error: null };
}

function worldOf(target: Target, place: Place, about: About, signal: AbortSignal): World {
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
    const now = { ...live, ...about, at: clock.now() };
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
  const { removed, restarted, reimported } = meaningOf(from, to);
  const gone = new Set([...removed, ...restarted]);
  const sessions = [...readConfiguration(from).protocols.values()].filter(({ type }) => type === 'bgp');
  const unchanged = sessions.map(({ name }) => name).filter((name) => !gone.has(name));
  return { names: [...readConfiguration(to).protocols.keys()], unchanged, reimported };
}

/** Keeps the bundle's files, and has BIRD parse them where they lie. A refusal is remembered, and told with the resources behind the line. */
async function check(bundle: Bundle, target: Target, place: Place, signal: AbortSignal, timed: Timed): Promise<void> {
  if (place.refused?.bytes === bundle.bytes) throw place.refused.blame.error;
  const folder = await timed('commit', () => place.put(bundle.bytes, bundle.files));
  if (!place.options.check) return;
  try {
    await timed('check', () => target.check(folder, signal));
    place.refused = null;
  } catch (thrown) {
    const blame = blameOf(thrown, bundle);
    await place.sweep();
    if (!blame) throw thrown;
    place.refused = { bytes: bundle.bytes, blame, isTraced: false };
    throw blame.error;
  }
}
