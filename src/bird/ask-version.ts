import type { FlavourName } from './flavour.ts';
import { runBird } from './run-bird.ts';

/** A BIRD that birdconfd writes for, or the version text of one that it does not know. */
export type AskedFlavour = FlavourName | `unknown:${string}`;

/** How long a program may take that has nothing to do but print a line. */
const TIMEOUT_MS = 10_000;

/** Asks the binary itself which BIRD it is. Rejects with what `runBird` rejects with. */
export async function flavourOf(binary: string): Promise<AskedFlavour> {
  const { output } = await runBird(binary, ['--version'], { timeoutMs: TIMEOUT_MS });
  return parseVersion(output);
}

/** `BIRD version 1.6.8` is stock; Calico's fork says `BIRD version v0.3.3+birdv1.6.8`. */
export function parseVersion(output: string): AskedFlavour {
  const version = /^BIRD version (.*)$/m.exec(output)?.[1]?.trim();
  if (version === undefined) return `unknown:${output.trim().slice(0, 80)}`;
  if (/^v[\d.]+.*\+birdv1\.6\./.test(version)) return 'calico';
  return version.startsWith('1.6.') ? '1.6' : `unknown:${version}`;
}
