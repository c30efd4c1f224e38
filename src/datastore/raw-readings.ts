import { createHmac, randomBytes } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { digestOf } from '../core/digest.ts';
import { STATUS_FILES, secretFileKey } from '../core/keys.ts';
import type { Reading } from './reading.ts';

/** Each file is one entry, and its text the value as it is. */
const rawReading = (options: Pick<Reading, 'depth' | 'digest'> & { keyOf: (path: string) => string }): Reading => ({
  optional: true,
  depth: options.depth,
  countsName: () => true,
  digest: options.digest,
  read: (text, path) => {
    const entry = { value: text, version: options.digest(text).slice(0, 16), origin: path };
    return { entries: new Map([[options.keyOf(path), entry]]), diagnostics: [], damaged: false };
  },
});

/**
 * Passwords, `<directory>/<secret name>/<key>`, under `secret:/<secret name>/<key>`: as Secrets are mounted, each in a volume
 * of its own or all in one.
 *
 * Revisions and versions are printed and kept, and whoever sees a plain digest of a weak password can guess until one fits.
 * Hence a digest with a key that nobody else has and that ends with the process: it tells texts apart, which is all that
 * is asked of it, and proves no guess. Time stamps and inodes would tell nothing either, but change without the text.
 */
export function secretReading(): Reading {
  const key = randomBytes(32);
  return rawReading({
    depth: 2,
    digest: (text) => createHmac('sha256', key).update(text).digest('hex'),
    keyOf: (path) => secretFileKey(basename(dirname(path)), basename(path)),
  });
}

/** The endpoint-status directory (spec calico-v3, 1.3): each file is one local workload, under `status:/<file name>`. */
export const statusReading: Reading = rawReading({
  depth: 1,
  digest: digestOf,
  keyOf: (path) => STATUS_FILES + basename(path),
});
