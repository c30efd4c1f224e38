import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, digestOf } from '../core/digest.ts';
import { diskError } from '../host/disk-error.ts';
import { ifThere } from '../host/system-error.ts';
import { PRIVATE, writeFile } from '../host/write-file.ts';

/** What one unit has to remember across a restart. */
export interface UnitRecord {
  readonly version: 1;
  /** The files that its services have taken up; null = a reload is owed. */
  readonly confirmed: Digest | null;
  /** Targets that were written, of which those that nobody wants any more are taken away. */
  readonly outputs: readonly string[];
}

/** Its name, as far as a file's can hold it, and what tells it apart from others that look alike. */
export const unitLedgerPath = (stateDir: string, unit: string): string =>
  join(stateDir, `${unit.replace(/[^\w.-]+/g, '_').slice(0, 80)}-${digestOf(unit).slice(0, 8)}.json`);

const isRecord = (value: unknown): value is UnitRecord => {
  if (typeof value !== 'object' || value === null) return false;
  const { version, confirmed, outputs } = value as Partial<Record<keyof UnitRecord, unknown>>;
  const isDigest = confirmed === null || (typeof confirmed === 'string' && /^[0-9a-f]{64}$/.test(confirmed));
  return version === 1 && isDigest && Array.isArray(outputs) && outputs.every((path) => typeof path === 'string');
};

/**
 * The record at `path`; null when there is none yet. What is no record counts as a reload that is owed: one too many harms nobody.
 * Rejects with a StageError `commit` when the file cannot be read.
 */
export async function readUnitRecord(path: string): Promise<UnitRecord | null> {
  try {
    const text = await ifThere(readFile(path, 'utf8'));
    if (text === null) return null;
    const value = parsed(text);
    return isRecord(value) ? value : { version: 1, confirmed: null, outputs: [] };
  } catch (cause) {
    throw diskError(`cannot read ${path}`, cause);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Puts the record on the disk (0600), whole or not at all. Rejects with a StageError `commit`. */
export async function writeUnitRecord(path: string, record: UnitRecord): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, `${JSON.stringify(record, null, 2)}\n`, PRIVATE);
  } catch (cause) {
    throw diskError(`cannot write ${path}`, cause);
  }
}
