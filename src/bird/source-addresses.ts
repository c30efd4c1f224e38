import type { BirdText } from './pieces.ts';
import { readConfiguration } from './protocols.ts';

/**
 * The addresses of this machine that a configuration's sessions speak from, as they stand there, each once and sorted; none where no
 * session names one. Includes stand in their place.
 */
export function sourceAddresses(text: BirdText): readonly string[] {
  const options = [...readConfiguration(text).protocols.values()].flatMap((protocol) => protocol.options);
  const named = options.flatMap((option) => /^source address (\S+);$/.exec(option)?.[1] ?? []);
  return [...new Set(named)].sort();
}
