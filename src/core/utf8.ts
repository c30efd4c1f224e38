/** Two files can be long at once, one of each daemon. */
const MAX_LONG = 2;
/** Shorter ones are encoded again as fast as they are found. */
const LONG = 16_384;

let known: readonly { readonly text: string; readonly bytes: Buffer }[] = [];

/**
 * The UTF-8 of `text`. A change hashes the same long text, measures it and writes it twice: the last ones are encoded once for all of that.
 * Not to be written into.
 */
export function utf8(text: string): Buffer {
  if (text.length < LONG) return Buffer.from(text);
  const found = known.find((each) => each.text === text) ?? { text, bytes: Buffer.from(text) };
  if (found !== known[0]) known = [found, ...known.filter((each) => each !== found)].slice(0, MAX_LONG);
  return found.bytes;
}
