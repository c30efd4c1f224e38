import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withBirdSocket } from '../bird/control-socket.ts';
import type { BirdText } from '../bird/pieces.ts';
import { sourceAddresses } from '../bird/source-addresses.ts';
import { messageOf } from '../core/errors.ts';
import { parseIp } from '../core/ip-address.ts';
import { commitFiles } from '../host/commit.ts';
import { diskError } from '../host/disk-error.ts';
import { digestsOfTexts } from '../render/bundle.ts';
import { expandIncludes } from '../render/whole.ts';
import type { Target } from '../targets.ts';
import { IDLE, isOpen } from '../transaction/machine.ts';
import type { Place } from './place.ts';

/** The machine as it is before its BIRD starts. */
export interface Machine {
  /** Of the interfaces that are up. */
  readonly addresses: readonly string[];
  /** A bundle that was confirmed longer ago is not used; infinite = however old. */
  readonly maxStaleMs: number;
  readonly signal: AbortSignal;
}

/**
 * What BIRD finds when it starts now. `kept`: the last confirmed bundle, confirmed at `at`. `none`: no file of ours, so that it waits
 * for the first pass. `untouched`: BIRD runs, or nothing of what lies there is known to be ours.
 */
export type Booted =
  | { readonly finds: 'kept'; readonly at: number }
  | { readonly finds: 'none' | 'untouched'; readonly why: string };

/** BIRD greets at once where it runs; what hangs is not disturbed either. */
const GREETING_MS = 5_000;

/**
 * Puts the last confirmed bundle into place, whole, for a BIRD that is about to start while the datastore may be away. Where that bundle
 * is not for this node as it is now, its files are removed: a BIRD that started with them would speak for another. Nothing counts as
 * confirmed afterwards, so that the first pass asks the new BIRD. Rejects with a StageError `commit`.
 */
export async function boot(target: Target, place: Place, machine: Machine): Promise<Booted> {
  if (await answers(place, machine.signal)) return { finds: 'untouched', why: 'BIRD runs already' };
  const { ledger } = place;
  const isOurs = ledger.live !== null || ledger.history.length > 0 || isOpen(ledger.txn);
  if (!isOurs) return { finds: 'untouched', why: 'nothing was ever written from this state directory' };
  // No BIRD runs that an open change could be finished with; what it wanted is planned anew.
  const txn = isOpen(ledger.txn) ? IDLE : ledger.txn;
  const newest = ledger.history[0];
  const files = await place.filesOf(newest?.bytes ?? null, target.fileNames);
  const why = await whyNot(target, place, machine, files && expandIncludes(files));
  if (!newest || !files || why !== null) {
    await place.save({ txn, live: null, confirmed: null });
    await removeFiles(target, place);
    return { finds: 'none', why: why ?? 'no bundle was ever confirmed' };
  }
  // Who dies in the midst of it must not take his own files for another writer's.
  await place.save({ txn, live: null, confirmed: null });
  await commitFiles(files, await place.options.destination());
  await place.save({ live: { bytes: newest.bytes, statements: digestsOfTexts(files).statements } });
  return { finds: 'kept', at: newest.at };
}

/** Why BIRD shall not start with the newest bundle, a sentence; null when it may. */
async function whyNot(target: Target, place: Place, machine: Machine, text: BirdText | null): Promise<string | null> {
  const { addresses, maxStaleMs, signal } = machine;
  const { clock, node } = place.options;
  const newest = place.ledger.history[0];
  if (!newest) return 'no bundle was ever confirmed';
  if (newest.node !== node) return `the last confirmed bundle is of node ${newest.node ?? '(unknown)'}`;
  const minutes = (ms: number) => Math.floor(ms / 60_000);
  const age = clock.now() - newest.at;
  if (age > maxStaleMs)
    return `the last bundle was confirmed ${minutes(age)} minutes ago, --max-stale is ${minutes(maxStaleMs)}`;
  if (text === null) return 'the kept files of the last confirmed bundle are not there, or not whole';
  const here = new Set(addresses.map((address) => parseIp(address)?.bits));
  const missed = sourceAddresses(text).find((address) => !here.has(parseIp(address)?.bits));
  if (missed !== undefined) return `its sessions speak from ${missed}, which no interface that is up has`;
  if (!place.options.check) return null;
  return target.check(place.store.folder(newest.bytes), signal).then(() => null, messageOf);
}

async function answers({ options }: Place, signal: AbortSignal): Promise<boolean> {
  const socket = { signal, timeoutMs: GREETING_MS };
  return withBirdSocket(options.socket, socket, async () => true).catch(
    ({ code }) => !['socket-missing', 'socket-refused'].includes(code),
  );
}

/** The one that BIRD is pointed at first: without it BIRD does not start. */
async function removeFiles({ fileNames }: Target, { options }: Place): Promise<void> {
  try {
    for (const name of fileNames) await rm(join(options.output, name), { force: true });
  } catch (cause) {
    throw diskError(`cannot remove the files in ${options.output}`, cause);
  }
}
