import type { CheckRejected } from '../bird/check.ts';
import { meaningOf } from '../bird/meaning.ts';
import { withoutPasswords } from '../bird/syntax.ts';
import { digestOf } from '../core/digest.ts';
import { StageError } from '../core/errors.ts';
import { isSecret } from '../core/keys.ts';
import type { NamedText } from '../core/named-text.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import { isDisruptive } from '../plan.ts';
import { type Bundle, originsAt } from '../render/bundle.ts';
import { wholeOf } from '../render/whole.ts';
import type { Target } from '../targets.ts';
import type { Place } from './place.ts';
import { entryOf, inEffect, type WithheldValues } from './withheld.ts';

/** More guilty values at once are no longer single ones: something else is wrong. */
const MAX_GUILTY = 5;

/** A refusal of the check with its line, and the resources that this line comes from. */
export interface Blame {
  readonly error: StageError;
  /** Datastore keys. */
  readonly origins: readonly string[];
}

const isRejection = (thrown: unknown): thrown is CheckRejected =>
  thrown instanceof StageError && thrown.code === 'rejected';

/** What a check threw, with the bundle's line and the resources behind it where it is a refusal; null for anything else. */
export function blameOf(thrown: unknown, bundle: Bundle): Blame | null {
  if (!isRejection(thrown)) return null;
  const { file, line, text } = thrown;
  const rendered = bundle.files.find((f) => file?.endsWith(`/${f.name}`));
  if (!rendered || line === null) return { error: thrown, origins: [] };
  const origins = originsAt(rendered, line);
  const from = origins.length > 0 ? `; it comes from ${origins.slice(0, 3).join(', ')}` : '';
  const source = rendered.text.split('\n')[line - 1]?.trim() ?? '';
  const message = `BIRD refuses ${rendered.name} line ${line}: ${text ?? 'no reason given'}: ${withoutPasswords(source)}${from}`;
  return { error: new StageError('check', 'rejected', message, { retryable: false, cause: thrown }), origins };
}

export interface Suspects {
  readonly target: Target;
  readonly place: Place;
  readonly snapshot: Snapshot;
  readonly live: readonly NamedText[] | null;
  readonly signal: AbortSignal;
}

/**
 * Finds the values without which BIRD takes the bundle, of those that the refused lines come from: what has changed since BIRD took all
 * of them first. Resolves with what is to be withheld, null when that is not to be found. It never gives up a session for it: a value that
 * BIRD took before is put back, and one of which none is known is left out only if nothing that runs goes with it.
 */
export async function isolate(
  suspects: Suspects,
  first: Blame,
  already: WithheldValues,
): Promise<WithheldValues | null> {
  let withheld = already;
  let blame = first;
  for (let guilty = 0; guilty < MAX_GUILTY; guilty++) {
    const next = await withoutOne(suspects, blame, withheld);
    if (next === null) return null;
    withheld = next.withheld;
    if (next.blame === null) return withheld;
    blame = next.blame;
  }
  return null;
}

/** Withholds one more: preferably such that nothing is refused any more, else such that another line is. */
async function withoutOne(suspects: Suspects, blame: Blame, withheld: WithheldValues) {
  const { snapshot, place } = suspects;
  const prefixes = place.options.prefixes;
  const accepted = (key: string) => place.accepted && entryOf(place.accepted, prefixes, key);
  const isNew = (key: string) => accepted(key)?.version !== entryOf(snapshot, prefixes, key)?.version;
  // A Secret's value is copied nowhere, so it cannot be kept either.
  const mayBe = (key: string) => !isSecret(key) && !Object.hasOwn(withheld, key) && (!place.accepted || isNew(key));
  const keys = blame.origins.filter(mayBe);
  let moved: { readonly withheld: WithheldValues; readonly blame: Blame } | null = null;
  for (const key of keys) {
    const now = entryOf(snapshot, prefixes, key);
    if (!now) continue;
    const before = accepted(key)?.value ?? null;
    const next = { ...withheld, [key]: { value: digestOf(now.value), before, why: blame.error.message } };
    const judged = await judge(suspects, next);
    if (judged === 'lost') continue;
    if (judged === null) return { withheld: next, blame: null };
    if (!judged.origins.includes(key)) moved ??= { withheld: next, blame: judged };
  }
  return moved;
}

/** What BIRD says of the bundle without these: null = it takes it; `lost` = sessions would go with them, or there is no bundle. */
async function judge({ target, place, snapshot, live, signal }: Suspects, withheld: WithheldValues) {
  const { bundle } = target.render(inEffect(snapshot, withheld), live);
  if (!bundle) return 'lost';
  const knowsAll = Object.values(withheld).every(({ before }) => before !== null);
  const running = live ? wholeOf(live) : '';
  if (!knowsAll && isDisruptive(meaningOf(running, wholeOf(bundle.files)))) return 'lost';
  try {
    await target.check(await place.put(bundle.bytes, bundle.files), signal);
    return null;
  } catch (thrown) {
    const blame = blameOf(thrown, bundle);
    if (!blame) throw thrown;
    return blame;
  }
}
