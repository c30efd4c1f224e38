import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, UsageError } from '../core/errors.ts';
import { byBytes } from '../core/order.ts';
import { readOverlay } from './templates-overlay.ts';

/** The built-in tree: beside the bundle, or the repository's when run from source. */
export function builtInTemplates(): string {
  const places = ['templates', '../templates', '../../templates'].map((p) =>
    fileURLToPath(new URL(p, import.meta.url)),
  );
  const found = places.find((place) => existsSync(place));
  if (!found) throw new UsageError('the built-in templates are missing: copy the whole dist/ folder, not only main.js');
  return found;
}

/**
 * The template texts of one folder of a tree, by stem, those of an overlay in place of the tree's. Throws UsageError when there is no such
 * folder, and as `readOverlay` does.
 */
export async function readTemplates(
  tree: string,
  folder: string,
  overlay: string | null = null,
): Promise<ReadonlyMap<string, string>> {
  const texts = await readFolder(tree, folder);
  const overrides = overlay === null ? [] : await readOverlay(tree, overlay);
  const here = overrides.filter((override) => override.folder === folder);
  return new Map([...texts, ...here.map(({ name, text }) => [name, text] as const)]);
}

async function readFolder(tree: string, folder: string): Promise<ReadonlyMap<string, string>> {
  const dir = join(tree, folder);
  try {
    const names = (await readdir(dir)).filter((name) => name.endsWith('.hbs')).sort(byBytes);
    const texts = names.map(
      async (name): Promise<[string, string]> => [parse(name).name, await readFile(join(dir, name), 'utf8')],
    );
    return new Map(await Promise.all(texts));
  } catch (error) {
    throw new UsageError(`--templates: cannot read ${dir}: ${messageOf(error)}`);
  }
}
