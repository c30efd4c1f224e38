import type { HoldKind } from '../core/hold-kinds.ts';
import type { NamedText } from '../core/named-text.ts';
import { digestsOfTexts } from '../render/bundle.ts';
import type { Tripped } from '../transaction/guards.ts';
import type { Hold } from '../transaction/holds.ts';
import type { Place } from './place.ts';

/** A destination that changes under us more often than once in this long has another writer. */
const FOREIGN_MS = 600_000;

/** Holds that the data cannot end: they end by `resume`, or by themselves. */
const STANDING: readonly HoldKind[] = ['rollback', 'foreign-writer'];

/** Whether other data cannot end it. */
export const isStanding = ({ kinds }: Hold): boolean => kinds.some((kind) => STANDING.includes(kind));

/** Keeps what is held now, sorted as in HOLD_KINDS; none: there is no hold any more. Its age is that of its kinds. `now` in ms since 1970. */
export async function keepHold(place: Place, tripped: readonly Tripped[], now: number): Promise<void> {
  const before = place.ledger.hold;
  const kinds = tripped.map(({ kind }) => kind);
  const why = tripped.map((each) => each.why);
  const since = before && before.kinds.join() === kinds.join() ? before.since : now;
  const hold: Hold | null = kinds.length > 0 ? { kinds, since, why, until: null } : null;
  if (JSON.stringify(hold) !== JSON.stringify(before)) await place.save({ hold });
}

/** Ends a hold whose time is over. */
export async function endExpiredHold(place: Place, now: number): Promise<void> {
  const { hold } = place.ledger;
  if (hold?.until && now >= hold.until) await place.save({ hold: null });
}

/** Counts what somebody else has changed in our files, of which `live` are the texts; true, and held from now on, at the second time. */
export async function isForeignWriter(place: Place, live: readonly NamedText[] | null, now: number): Promise<boolean> {
  const { ledger } = place;
  const found = live && digestsOfTexts(live);
  if (!ledger.live || found?.bytes === ledger.live.bytes) return false;
  const recent = ledger.foreignWrites.filter((at) => now - at < FOREIGN_MS);
  // With what was found, so that the next pass, which may come before anything is written, does not count it again.
  await place.save({ foreignWrites: [...recent, now], live: found });
  if (recent.length === 0) return false;
  const why = `somebody else changed the files in ${place.options.output} twice within ten minutes: nothing is written any more`;
  await keepHold(place, [{ kind: 'foreign-writer', why }], now);
  return true;
}
