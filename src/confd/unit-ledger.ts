import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, digestOf } from '../core/digest.ts';
import { StageError } from '../core/errors.ts';
import { byBytes } from '../core/order.ts';
import { diskError } from '../host/disk-error.ts';
import { ifThere } from '../host/system-error.ts';
import { PRIVATE, writeFile } from '../host/write-file.ts';

/** What one unit has to remember across a restart. */
export interface UnitRecord {
  readonly version: 1;
  /** The files that its services have taken up; null = a reload is owed. */
  readonly confirmed: Digest | null;
  /** What its resources write, as conf.d has it: by this a unit is known that got another name. */
  readonly targets: readonly string[];
  /** Targets that were written, of which those that nobody wants any more are taken away. */
  readonly outputs: readonly string[];
}

/** Its name, as far as a file's can hold it, and what tells it apart from others that look alike. */
export const unitLedgerPath = (stateDir: string, unit: string): string =>
  join(stateDir, `${unit.replace(/[^\w.-]+/g, '_').slice(0, 80)}-${digestOf(unit).slice(0, 8)}.json`);

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((path) => typeof path === 'string');

const isRecord = (value: unknown): value is UnitRecord => {
  if (typeof value !== 'object' || value === null) return false;
  const { version, confirmed, targets, outputs } = value as Partial<Record<keyof UnitRecord, unknown>>;
  const isDigest = confirmed === null || (typeof confirmed === 'string' && /^[0-9a-f]{64}$/.test(confirmed));
  return version === 1 && isDigest && [targets, outputs].every(isTexts);
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
    return isRecord(value) ? value : { version: 1, confirmed: null, targets: [], outputs: [] };
  } catch (cause) {
    throw diskError(`cannot read ${path}`, cause);
  }
}

/** A record, and where it lies. */
export interface StoredRecord {
  readonly path: string;
  readonly record: UnitRecord;
}

/** Every record of a state directory, by its file's name. Rejects as `readUnitRecord` does. */
export async function readAllRecords(dir: string): Promise<readonly StoredRecord[]> {
  try {
    const names = ((await ifThere(readdir(dir))) ?? []).filter((name) => name.endsWith('.json')).sort(byBytes);
    const all: StoredRecord[] = [];
    for (const path of names.map((name) => join(dir, name))) {
      const record = await readUnitRecord(path);
      if (record) all.push({ path, record });
    }
    return all;
  } catch (cause) {
    throw cause instanceof StageError ? cause : diskError(`cannot look through ${dir}`, cause);
  }
}

/**
 * What a unit that has no record yet has to remember of units whose names are gone: all of it where one had the same targets, whose record
 * becomes its own at `path`; that a reload is owed where one had some of them and owed it; else null. Rejects with a StageError `commit`.
 */
export async function inheritRecord(
  path: string,
  targets: readonly string[],
  all: readonly StoredRecord[],
): Promise<UnitRecord | null> {
  const related = all.filter(({ record }) => record.targets.some((target) => targets.includes(target)));
  const isSame = ({ record }: StoredRecord) =>
    record.targets.length === targets.length && record.targets.every((target) => targets.includes(target));
  const same = related.find(isSame);
  if (!same) {
    const isOwed = related.some(({ record }) => record.confirmed === null);
    return isOwed ? { version: 1, confirmed: null, targets, outputs: [] } : null;
  }
  try {
    await rename(same.path, path);
  } catch (cause) {
    throw diskError(`cannot move ${same.path}`, cause);
  }
  return same.record;
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
