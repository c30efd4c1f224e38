import { networkInterfaces } from 'node:os';
import { claimStateDir } from '../control/claim.ts';
import type { Log } from '../core/log.ts';
import { type Booted, boot } from '../pass/boot.ts';
import type { Settings } from '../settings.ts';
import { type MakeTargets, prepare } from './prepare.ts';

/** The addresses of the interfaces that are up. */
const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));

/**
 * Settles for each daemon with what BIRD starts, before it starts and without a datastore; target → what it finds. Rejects with a
 * UsageError (another birdconfd has the state directory), or a StageError `commit`.
 */
export async function bootTargets(
  given: Settings,
  makeTargets: MakeTargets,
  log: Log,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Booted>> {
  const claim = await claimStateDir(given.stateDir);
  try {
    const { all } = await prepare(given, makeTargets, log);
    const booted = new Map<string, Booted>();
    const machine = { addresses: ownAddresses(), maxStaleMs: given.maxStaleMs, signal };
    for (const { target, place } of all) booted.set(target.name, await boot(target, place, machine));
    return booted;
  } finally {
    await claim.release();
  }
}
