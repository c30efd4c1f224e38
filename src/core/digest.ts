import { createHash } from 'node:crypto';

/** A lower-case hex SHA-256. Branded, so that a text is not taken for a digest. */
export type Digest = string & { readonly brand: 'Digest' };

/** The digest of the UTF-8 text. */
export const digestOf = (text: string): Digest => createHash('sha256').update(text).digest('hex') as Digest;

/** One digest of a sequence: other parts, another order or another number of parts give another digest. */
export const digestOfAll = (parts: readonly string[]): Digest =>
  digestOf(parts.map((p) => `${p.length}:${p}`).join(''));
