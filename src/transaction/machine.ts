import type { Digest } from '../core/digest.ts';

/** A bundle is named by the digest of its bytes; the bundle store has its files. */
export type BundleId = Digest;

/** What every step of a change carries: where it comes from (null: nothing that could be put back) and where it goes. */
interface Change {
  readonly from: BundleId | null;
  readonly to: BundleId;
}

/** A change that is taken back, and why. */
interface Failed {
  readonly from: BundleId;
  readonly to: BundleId;
  readonly why: string;
  /** BIRD has run `to`; where it refused it, it never left `from`. */
  readonly ran: boolean;
}

/** When an undo timer ends that may run in BIRD, in ms; only BIRD knows exactly. */
export interface Armed {
  /** It does not end before. */
  readonly from: number;
  /** It has ended by then. */
  readonly until: number;
}

/**
 * Where the change of one daemon's configuration stands. The first seven are kept in the ledger, each before the act that it stands
 * for; the others only last as long as one conversation with BIRD, and `durable` says what a process that dies in them leaves.
 *
 * | state      | on disk     | BIRD runs                    | next                                         |
 * |------------|-------------|------------------------------|----------------------------------------------|
 * | idle       | the bundle  | the bundle                   | -                                            |
 * | committing | any mixture | from                         | write `to`                                   |
 * | owed       | to          | from, or to without our word | configure, with a timer if sessions are hit  |
 * | armed      | to          | to under a timer, or from    | verify, confirm; not like `to`: owed         |
 * | restoring  | any mixture | from, or to                  | write `from`                                 |
 * | returning  | from        | from, or to                  | plain configure, which also ends a timer     |
 * | held       | from        | from                         | wait for another bundle, or for `resume`     |
 *
 * `timer`: `to` is asked for under an undo timer. `stray`: the timer of an earlier request may still run, and is ended before `to` is
 * asked for: after a second `configure timeout` BIRD goes back to what the first one brought. `unlike`: how BIRD was other than `to` when
 * its timer may have ended; that it had not proves that `to` is to blame.
 */
export type Transaction =
  | { readonly at: 'idle' }
  | (Change & { readonly at: 'committing'; readonly timer: boolean; readonly stray: boolean })
  | (Change & { readonly at: 'owed'; readonly timer: boolean; readonly stray: boolean })
  | (Change & { readonly at: 'armed'; readonly armed: Armed })
  | (Failed & { readonly at: 'restoring' })
  | (Failed & { readonly at: 'returning' })
  | (Change & { readonly at: 'held'; readonly why: string })
  | (Change & { readonly at: 'disarming'; readonly timer: boolean; readonly fresh: Armed })
  | (Change & { readonly at: 'asked'; readonly armed: Armed | null })
  | (Change & { readonly at: 'verifying'; readonly armed: Armed | null; readonly again: boolean })
  | (Change & { readonly at: 'confirming'; readonly armed: Armed; readonly unlike: string | null })
  | (Failed & { readonly at: 'reverting' })
  | (Failed & { readonly at: 'undoing' });

/** What is to be done next; `rest`: nothing, until an event from outside. */
export type Act =
  | { readonly do: 'rest' }
  | { readonly do: 'write'; readonly bundle: BundleId }
  | { readonly do: 'connect' }
  | { readonly do: 'configure'; readonly timer: boolean }
  | { readonly do: 'verify' }
  | { readonly do: 'confirm' }
  | { readonly do: 'undo' };

/** What came of an act, or from outside (`begin`, `resume`). */
export type Event =
  /** `isOnDisk`: `to` is what lies there already, and only BIRD has to be told. */
  | ({ readonly is: 'begin'; readonly timer: boolean; readonly isOnDisk: boolean } & Change)
  | { readonly is: 'resume' }
  | { readonly is: 'written' }
  /** A conversation with BIRD has begun. `fresh`: the timer that it would be given. */
  | { readonly is: 'connected'; readonly fresh: Armed }
  /** The time now, while nobody can be asked. */
  | { readonly is: 'later'; readonly now: number }
  | { readonly is: 'running' }
  | { readonly is: 'refused'; readonly why: string }
  | { readonly is: 'verified' }
  | { readonly is: 'unlike'; readonly why: string; readonly now: number }
  | { readonly is: 'confirmed' }
  | { readonly is: 'not-armed' }
  | { readonly is: 'undone' }
  /** The conversation ended before the answer came: it is not known what BIRD did. */
  | { readonly is: 'lost' };

export const IDLE: Transaction = { at: 'idle' };

/** Whether something of it is left to do: nothing is sure then about what BIRD runs. */
export const isOpen = (txn: Transaction): txn is Exclude<Transaction, { at: 'idle' | 'held' }> =>
  txn.at !== 'idle' && txn.at !== 'held';

const owed = ({ from, to }: Change, timer: boolean, stray: boolean): Transaction => ({
  at: 'owed',
  from,
  to,
  timer,
  stray,
});

/** What a process finds in the ledger whose predecessor died in `txn`. */
export function durable(txn: Transaction): Transaction {
  if (txn.at === 'asked' || txn.at === 'verifying' || txn.at === 'confirming') {
    const { from, to, armed } = txn;
    return armed ? { at: 'armed', from, to, armed } : owed(txn, false, false);
  }
  if (txn.at === 'disarming') return owed(txn, txn.timer, true);
  if (txn.at === 'reverting' || txn.at === 'undoing') return { ...txn, at: 'returning' };
  return txn;
}

/**
 * Whether a newer bundle may take the place of `to`. Not while BIRD may run under a timer, nor before what went wrong is taken back,
 * which ends such a timer: changes wait.
 */
export const mayBegin = ({ at }: Transaction): boolean =>
  at === 'idle' || at === 'committing' || at === 'owed' || at === 'held';

/** What to do in a state. Only `connect` needs no conversation with BIRD to be open for what follows it. */
export function actOf(txn: Transaction): Act {
  switch (txn.at) {
    case 'idle':
    case 'held':
      return { do: 'rest' };
    case 'committing':
      return { do: 'write', bundle: txn.to };
    case 'restoring':
      return { do: 'write', bundle: txn.from };
    case 'owed':
    case 'armed':
    case 'returning':
      return { do: 'connect' };
    case 'asked':
      return { do: 'configure', timer: txn.armed !== null };
    case 'reverting':
      return { do: 'configure', timer: false };
    case 'verifying':
      return { do: 'verify' };
    case 'disarming':
    case 'confirming':
      return { do: 'confirm' };
    case 'undoing':
      return { do: 'undo' };
  }
}

/** Where there is nothing to go back to, the files stay as BIRD refused them. */
const takeBack = ({ from, to }: Change, why: string, ran: boolean): Transaction =>
  from === null ? { at: 'held', from, to, why } : { at: 'restoring', from, to, why, ran };

/** A conversation has begun: what is owed is asked for, what was armed is looked at before it is asked for again. */
function connected(txn: Transaction, fresh: Armed): Transaction {
  if (txn.at === 'returning') return { ...txn, at: 'reverting' };
  if (txn.at === 'armed') return { ...txn, at: 'verifying', again: true };
  if (txn.at !== 'owed') return txn;
  const { from, to, timer } = txn;
  return txn.stray
    ? { at: 'disarming', from, to, timer, fresh }
    : { at: 'asked', from, to, armed: timer ? fresh : null };
}

/** Past the answer to `confirm` no timer runs. */
function disarmed(txn: Transaction): Transaction {
  if (txn.at !== 'disarming') return txn;
  return { at: 'asked', from: txn.from, to: txn.to, armed: txn.timer ? txn.fresh : null };
}

/**
 * The transition function of architecture 6. An event that has no meaning in a state leaves it as it is. BIRD 1.6.8's answers, measured:
 * `undo` after a `confirm` really goes back, so it is sent only where BIRD refuses what it ran before; a plain `configure` ends a timer,
 * a refused one does not; nothing tells which configuration runs, so what is not confirmed is asked for again; and only `confirm` tells
 * whether a timer runs, by ending it.
 */
export function after(txn: Transaction, event: Event): Transaction {
  switch (event.is) {
    case 'begin': {
      if (!mayBegin(txn)) return txn;
      const { to, timer, isOnDisk } = event;
      const stray = 'stray' in txn && txn.stray;
      return { at: isOnDisk ? 'owed' : 'committing', from: isOpen(txn) ? txn.from : event.from, to, timer, stray };
    }
    case 'resume':
      return txn.at === 'held' ? IDLE : txn;
    case 'written':
      if (txn.at === 'committing') return { ...txn, at: 'owed' };
      return txn.at === 'restoring' ? { ...txn, at: 'returning' } : txn;
    case 'connected':
      return connected(txn, event.fresh);
    case 'later':
      // By our clock: whether we were stopped before BIRD was asked, it cannot tell.
      return txn.at === 'armed' && event.now >= txn.armed.until ? owed(txn, true, true) : txn;
    case 'running':
      if (txn.at === 'asked') return { ...txn, at: 'verifying', again: false };
      return txn.at === 'reverting' ? { ...txn, at: 'held' } : txn;
    case 'refused':
      if (txn.at === 'asked') return takeBack(txn, event.why, false);
      // An undo where BIRD never left `from` would go behind it.
      return txn.at === 'reverting' ? { ...txn, at: txn.ran ? 'undoing' : 'held' } : txn;
    case 'verified':
      if (txn.at !== 'verifying') return txn;
      return txn.armed ? { at: 'confirming', from: txn.from, to: txn.to, armed: txn.armed, unlike: null } : IDLE;
    case 'unlike':
      if (txn.at !== 'verifying') return txn;
      // Asked by another conversation, it may never have arrived. Whose timer `confirm` ends is asked again, and looked at anew, at once.
      if (txn.again) return owed(txn, true, true);
      return txn.armed && event.now >= txn.armed.from
        ? { at: 'confirming', from: txn.from, to: txn.to, armed: txn.armed, unlike: event.why }
        : takeBack(txn, event.why, true);
    case 'confirmed':
      if (txn.at !== 'confirming') return disarmed(txn);
      return txn.unlike === null ? IDLE : takeBack(txn, txn.unlike, true);
    case 'not-armed':
      return txn.at === 'confirming' ? owed(txn, true, false) : disarmed(txn);
    case 'undone':
      return txn.at === 'undoing' ? { ...txn, at: 'held' } : txn;
    case 'lost':
      return durable(txn);
  }
}
