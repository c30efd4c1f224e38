import { digestOf } from '../core/digest.ts';
import type { Reading } from './reading.ts';

/** Whole files at any depth, each one entry: its path as it was given or found, and its text. A folder that is not there is empty. */
export const textReading = (countsName: (name: string) => boolean): Reading => ({
  optional: true,
  depth: null,
  countsName,
  digest: digestOf,
  read: (text, path) => {
    const entry = { value: text, version: digestOf(text).slice(0, 16), origin: path };
    return { entries: new Map([[path, entry]]), diagnostics: [], damaged: false };
  },
});
