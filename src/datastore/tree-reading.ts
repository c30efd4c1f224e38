import { createHmac, randomBytes } from 'node:crypto';
import type { Entry } from './datastore.ts';
import { readSyntax } from './document-syntax.ts';
import { unreadableDocument } from './documents.ts';
import type { Reading, ReadText } from './reading.ts';

/** The text that a scalar is as a value; null for none. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return value instanceof Date ? value.toISOString() : null;
}

/** Each scalar under the path that leads to it: names of mappings, numbers of lists; an empty mapping or null is nothing. */
function collect(value: unknown, path: string, put: (key: string, value: string) => void): void {
  const text = textOf(value);
  if (text !== null) put(path, text);
  if (text !== null || typeof value !== 'object' || value === null) return;
  for (const [name, item] of Object.entries(value)) collect(item, `${path}/${name}`, put);
}

/** A TOML file as one document. Never throws. */
async function readToml(text: string) {
  const { parse, TomlError } = await import('smol-toml');
  try {
    return { documents: [{ value: parse(text) as unknown }], faults: [] };
  } catch (error) {
    const { line, column } = error instanceof TomlError ? error : { line: 1, column: 1 };
    return { documents: [], faults: [{ line, column, reason: 'no TOML' }] };
  }
}

/**
 * Key and value trees in YAML, JSON or TOML files, as confd's backend `file` reads them: `{a: {b: 1, c: [x]}}` is `/a/b` = 1 and
 * `/a/c/0` = x. `countsName` says which files of a folder are meant. Values may be passwords: a digest proves no guess (see secretReading).
 */
export function treeReading(countsName: (name: string) => boolean): Reading {
  const key = randomBytes(32);
  const digest = (text: string) => createHmac('sha256', key).update(text).digest('hex');
  return {
    optional: false,
    depth: null,
    countsName,
    digest,
    read: async (text, path): Promise<ReadText> => {
      const { documents, faults } = path.endsWith('.toml') ? await readToml(text) : await readSyntax(text);
      const entries = new Map<string, Entry>();
      for (const document of documents)
        collect(document.value, '', (name, value) =>
          entries.set(name, { value, version: digest(value).slice(0, 16), origin: path }),
        );
      const diagnostics = faults.map(({ line, column, reason }) =>
        unreadableDocument(path, `line ${line}, column ${column}: ${reason}`),
      );
      return { entries, diagnostics, damaged: faults.length > 0 };
    },
  };
}
