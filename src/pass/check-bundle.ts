import type { Bundle } from '../render/bundle.ts';
import type { Target } from '../targets.ts';
import { blameOf } from './isolate.ts';
import type { Timed } from './pass.ts';
import type { Place } from './place.ts';

/** Keeps the bundle's files, and has BIRD parse them where they lie. A refusal is remembered, and told with the resources behind the line. */
export async function checkBundle(
  bundle: Bundle,
  target: Target,
  place: Place,
  signal: AbortSignal,
  timed: Timed,
): Promise<void> {
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
