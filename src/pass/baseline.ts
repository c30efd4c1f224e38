import { holdBackFiles } from '../bird/hold-back.ts';
import type { NamedText } from '../core/named-text.ts';
import { Block, type Bundle, digestsOfTexts, makeBundle, makeFile } from '../render/bundle.ts';
import type { Target } from '../targets.ts';
import { isOpen } from '../transaction/machine.ts';
import type { Place } from './place.ts';

/** What BIRD runs, as far as can be told: the last confirmed bundle, else what lies on the disk. */
export interface Baseline {
  readonly id: Bundle['bytes'];
  readonly files: readonly NamedText[];
}

/**
 * The last confirmed bundle is better known than the disk: somebody may have edited that. While a change is open it is where that one
 * came from, and the disk says nothing: what lies there may never have run.
 */
export async function baselineOf(
  place: Place,
  target: Target,
  live: readonly NamedText[] | null,
): Promise<Baseline | null> {
  const { txn, history } = place.ledger;
  const id = (isOpen(txn) ? txn.from : history[0]?.bytes) ?? null;
  const files = await place.filesOf(id, target.fileNames);
  if (id !== null && files) return { id, files };
  return live && !isOpen(txn) ? { id: digestsOfTexts(live).bytes, files: live } : null;
}

/** What the wanted bundle only adds to what runs. It comes from no single resource any more. */
export function heldBack(from: Baseline, wanted: Bundle): Bundle {
  return bundleOf(holdBackFiles(from.files, wanted.files));
}

/** The confirmed bundle, where it is what lies on the disk; null where it is not. `live`: the texts that lie there. */
export function confirmedOnDisk(place: Place, live: readonly NamedText[] | null): Bundle | null {
  const bundle = live && bundleOf(live);
  return bundle && bundle.bytes === place.ledger.history[0]?.bytes ? bundle : null;
}

function bundleOf(files: readonly NamedText[]): Bundle {
  const [first, ...rest] = files.map(({ name, text }) => makeFile(name, [new Block(text, [])]));
  if (!first) throw new Error('bug: a bundle without files');
  return makeBundle([first, ...rest]);
}
