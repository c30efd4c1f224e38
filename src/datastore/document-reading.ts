import { digestOf } from '../core/digest.ts';
import { unknownDocument } from './document-entries.ts';
import { parseDocuments } from './documents.ts';
import type { Reading } from './reading.ts';

/** Resources as YAML or JSON documents (what they may hold: `toEntries`), in files of any name that are given, else *.yaml, *.yml and *.json. */
export const documentReading: Reading = {
  optional: false,
  depth: null,
  countsName: (name) => /\.(?:ya?ml|json)$/i.test(name),
  digest: digestOf,
  read: async (text, path) => {
    const { entries, damaged, deletes, others, diagnostics } = await parseDocuments(text, path);
    const misplaced = [...deletes.values(), ...others.map(({ origin }) => origin)];
    const unknown = misplaced.map((origin) => unknownDocument(origin, 'has a meaning only in a golden case'));
    return { entries, diagnostics: [...diagnostics, ...unknown], damaged };
  },
};
