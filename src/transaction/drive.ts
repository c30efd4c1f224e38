import type { BirdDaemon, DaemonObservation } from '../bird/daemon-session.ts';
import { type Expected, importsInDoubt, type Problem, verify } from '../bird/verify.ts';
import type { Clock } from '../core/clock.ts';
import { asStageError, StageError } from '../core/errors.ts';
import { type Armed, actOf, after, type BundleId, durable, type Event, type Transaction } from './machine.ts';

/** What the transaction acts on: one daemon, its files, and the ledger. */
export interface World {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** One conversation with the daemon. Rejects with a StageError `reload` when none comes about, and with what `use` rejects with. */
  converse(use: (daemon: BirdDaemon) => Promise<void>): Promise<void>;
  /** After this long BIRD goes back by itself; in seconds. */
  readonly undoSeconds: number;
  /** Puts a bundle's files into place, whole or not at all. Rejects with a StageError `commit`. */
  write(bundle: BundleId): Promise<void>;
  /** Where the transaction has come to, also where that is not worth keeping: for the log. */
  moved(txn: Transaction): void;
  /** Keeps where the transaction stands, with BIRD as it was seen last; it is on the disk when this resolves. */
  save(txn: Transaction, seen: DaemonObservation | null): Promise<void>;
  /** What BIRD should do and not do when it goes from one bundle to the other; `from` null: nothing is known of before. */
  expected(from: BundleId | null, to: BundleId): Promise<Expected>;
}

export interface Driven {
  readonly txn: Transaction;
  /** What stopped it short; null at `idle` and `held`. */
  readonly error: StageError | null;
  /** BIRD as it was seen last; null when it could not be asked. */
  readonly seen: DaemonObservation | null;
}

/** Neighbors are asked for their routes again, and answer within milliseconds; a busy one gets this long. */
const IMPORTS_MS = 2_000;
const IMPORTS_POLL_MS = 100;
/** By then a command has reached a busy BIRD, or never will. */
const ARRIVES_MS = 30_000;
/** A timer that runs out just before `confirm` is armed again; more often than this it is not bad luck. */
const MAX_ROUNDS = 3;

/**
 * Takes a change as far as it goes now: to `idle`, to `held`, or to where an effect failed, which is in `error`. Never rejects.
 * Safe to call at any state, after any crash: every act can be done again.
 */
export async function drive(start: Transaction, world: World): Promise<Driven> {
  let txn = after(durable(start), { is: 'later', now: world.clock.now() });
  let kept = start;
  let seen: DaemonObservation | null = null;
  const keep = async () => {
    kept = durable(txn);
    await world.save(kept, seen);
  };
  const step = async (event: Event): Promise<void> => {
    txn = after(txn, event);
    world.moved(txn);
    if (!isFoundAgain(kept, durable(txn))) await keep();
  };
  const write = async (bundle: BundleId) => {
    await world.write(bundle);
    await step({ is: 'written' });
  };
  const converse = (daemon: BirdDaemon) =>
    talk(daemon, world, { txn: () => txn, step, write, saw: (now) => (seen = now) });
  try {
    for (let act = actOf(txn); act.do !== 'rest'; act = actOf(txn)) {
      if (act.do === 'write') await write(act.bundle);
      else {
        await world.converse(converse);
        break;
      }
    }
  } catch (thrown) {
    txn = durable(txn);
    world.moved(txn);
    return { txn, error: asStageError('reload', thrown), seen };
  }
  return { txn, error: actOf(txn).do === 'rest' ? null : unconfirmed(), seen };
}

/** What follows a write comes again by writing again: not keeping it saves a sync of the disk in every change. */
const isFoundAgain = (kept: Transaction, next: Transaction): boolean =>
  kept.at === next.at
    ? kept.at !== 'armed' || next.at !== 'armed' || kept.armed === next.armed
    : (kept.at === 'committing' && next.at === 'owed') || (kept.at === 'restoring' && next.at === 'returning');

const unconfirmed = (): StageError =>
  new StageError('reload', 'unconfirmed', `BIRD's timer ran out ${MAX_ROUNDS} times before it could be told to stay`, {
    retryable: true,
  });

interface Talk {
  readonly txn: () => Transaction;
  readonly step: (event: Event) => Promise<void>;
  readonly write: (bundle: BundleId) => Promise<void>;
  readonly saw: (seen: DaemonObservation) => void;
}

/** One conversation. Resolves where the transaction rests, or where only time helps. */
async function talk(daemon: BirdDaemon, world: World, { txn, step, write, saw }: Talk): Promise<void> {
  let before: DaemonObservation | null = null;
  for (let rounds = 0; ; ) {
    const now = txn();
    const act = actOf(now);
    switch (act.do) {
      case 'rest':
        return;
      case 'write':
        await write(act.bundle);
        break;
      case 'connect':
        if (rounds++ === MAX_ROUNDS) return;
        before = await daemon.observe({ routes: await asksForRoutes(now, world) });
        saw(before);
        await step({ is: 'connected', fresh: freshTimer(world) });
        break;
      case 'configure': {
        const verdict = await daemon.configure(act.timer ? { undoSeconds: world.undoSeconds } : {});
        await step(verdict.kind === 'running' ? { is: 'running' } : { is: 'refused', why: verdict.message });
        break;
      }
      case 'verify': {
        const { problems, seen } = await verified(daemon, world, now, before);
        saw(seen);
        const why = problems.map(({ message }) => message).join('; ');
        const late = world.clock.now();
        await step(problems.length === 0 ? { is: 'verified' } : { is: 'unlike', why, now: late });
        break;
      }
      case 'confirm':
        await step({ is: (await daemon.confirm()) === 'confirmed' ? 'confirmed' : 'not-armed' });
        break;
      case 'undo':
        await daemon.undo();
        await step({ is: 'undone' });
        break;
    }
  }
}

/** Routes are counted where what is let in changes: verifying looks at no others. */
const asksForRoutes = async (txn: Transaction, world: World): Promise<boolean> =>
  (txn.at === 'owed' || txn.at === 'armed') && (await world.expected(txn.from, txn.to)).reimported.length > 0;

function freshTimer({ clock, undoSeconds }: World): Armed {
  const now = clock.now();
  // BIRD 1.6 counts whole seconds: its timer ends up to one of them early.
  const from = now + undoSeconds * 1000 - 1_000;
  return { from, until: now + undoSeconds * 1000 + ARRIVES_MS };
}

async function verified(
  daemon: BirdDaemon,
  world: World,
  txn: Transaction,
  before: DaemonObservation | null,
): Promise<{ readonly problems: readonly Problem[]; readonly seen: DaemonObservation }> {
  if (txn.at !== 'verifying') throw new Error(`bug: nothing to verify at ${txn.at}`);
  const expected = await world.expected(txn.from, txn.to);
  const { clock, signal } = world;
  const deadline = clock.now() + IMPORTS_MS;
  for (;;) {
    const seen = await daemon.observe({ routes: expected.reimported.length > 0 });
    // What another conversation has changed has no "before": then only the names can tell.
    const was = txn.again || !before ? seen : before;
    const problems = verify(was, seen, expected);
    const waits = problems.length === 0 && importsInDoubt(was, seen, expected) && clock.now() < deadline;
    if (!waits || signal.aborted) return { problems, seen };
    await clock.sleep(IMPORTS_POLL_MS, signal);
  }
}
