import { readFileSync } from 'node:fs';
import { messageOf, UsageError } from '../core/errors.ts';

/**
 * A file of a case. Waits for the disk: in the background hundreds of small files take several times as long. Throws a UsageError with the
 * path where it cannot be read: one case is wrong then, not the harness.
 */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error).split(',')[0]}`);
  }
}
