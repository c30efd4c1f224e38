import { createHash, hash } from 'node:crypto';
import { utf8 } from './utf8.ts';

/** A lower-case hex SHA-256. Branded, so that a text is not taken for a digest. */
export type Digest = string & { readonly brand: 'Digest' };

/** The digest of the UTF-8 text. */
export const digestOf = (text: string): Digest => hash('sha256', text) as Digest;

/** From here on a part is hashed by itself, so that it is not copied once more only to have its length before it. */
const LONG = 16_384;

/** One digest of a sequence: other parts, another order or another number of parts give another digest. */
export function digestOfAll(parts: readonly string[]): Digest {
  const all = createHash('sha256');
  let short = '';
  for (const part of parts) {
    short += `${part.length}:`;
    if (part.length < LONG) short += part;
    else {
      all.update(short).update(utf8(part));
      short = '';
    }
  }
  return all.update(short).digest('hex') as Digest;
}
