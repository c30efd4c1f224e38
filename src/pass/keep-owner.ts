import type { NamedText } from '../core/named-text.ts';
import { ownFiles } from '../host/own-files.ts';
import { digestsOfTexts } from '../render/bundle.ts';
import type { Target } from '../targets.ts';
import type { Place } from './place.ts';

/** States of a change in which the files on the disk are ours, whole. */
const WRITTEN: readonly string[] = ['owed', 'armed', 'returning'];

/**
 * Keeps mode and owner of the files that we wrote as the settings and the control socket have them now; another's are left alone.
 * `live`: as they lie on the disk. Rejects with a StageError `commit`.
 */
export async function keepOwner(target: Target, place: Place, live: readonly NamedText[] | null): Promise<void> {
  const { ledger, options } = place;
  const isOurs = live !== null && digestsOfTexts(live).bytes === ledger.live?.bytes;
  if (isOurs || WRITTEN.includes(ledger.txn.at)) await ownFiles(target.fileNames, await options.destination());
}
