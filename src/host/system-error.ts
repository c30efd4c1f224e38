import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';

/** The system's name for what went wrong, as ENOENT; empty when `thrown` is no error of the system's. */
export const errnoOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';

/** Resolves with null where there is no such file; rejects as `reading` does for any other reason. */
export async function ifThere<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Of what lies at `path` itself, not of what it leads to; null where nothing lies. */
export const statsOf = (path: string): Promise<Stats | null> => ifThere(lstat(path));
