import { createHash, hash } from 'node:crypto';

/** A lower-case hex SHA-256. Branded, so that a text is not taken for a digest. */
export type Digest = string & { readonly brand: 'Digest' };

/** The digest of the UTF-8 text. */
export const digestOf = (text: string): Digest => hash('sha256', text) as Digest;

/** One digest of a sequence: other parts, another order or another number of parts give another digest. */
export function digestOfAll(parts: readonly string[]): Digest {
  const all = createHash('sha256');
  for (const part of parts) {
    // Apart, so that megabytes are not copied once more only to have their length before them.
    all.update(`${part.length}:`);
    all.update(part);
  }
  return all.digest('hex') as Digest;
}
