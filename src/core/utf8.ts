/** What is only ASCII, as nearly all of our texts are, need only be copied. */
const encoded = (text: string) => Buffer.from(text, Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8');

/** Shorter ones are encoded again as fast as they are found. */
const LONG = 16_384;

let last = { text: '', bytes: Buffer.alloc(0) };

/**
 * The UTF-8 of `text`. A change hashes the same long text, measures it and writes it twice: the last one is encoded once for all of that.
 * Not to be written into.
 */
export function utf8(text: string): Buffer {
  if (text.length < LONG) return Buffer.from(text);
  if (last.text !== text) last = { text, bytes: encoded(text) };
  return last.bytes;
}
