import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, UsageError } from '../core/errors.ts';
import { byBytes } from '../core/order.ts';
import { prepareToCompile } from '../render/compiler.ts';
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
 * folder, and as `readOverlay` does. An Environment can be made of them.
 */
export async function readTemplates(
  tree: string,
  folder: string,
  overlay: string | null = null,
): Promise<ReadonlyMap<string, string>> {
  const texts = readFolder(tree, folder);
  const overrides = overlay === null ? [] : await readOverlay(tree, overlay);
  const here = overrides.filter((override) => override.folder === folder);
  const all = new Map([...texts, ...here.map(({ name, text }) => [name, text] as const)]);
  await prepareToCompile(all.values());
  return all;
}

/** Dozens of files of a few lines, which are read before another thread could have been told to. */
function readFolder(tree: string, folder: string): ReadonlyMap<string, string> {
  const dir = join(tree, folder);
  try {
    const names = readdirSync(dir)
      .filter((name) => name.endsWith('.hbs'))
      .sort(byBytes);
    return new Map(names.map((name) => [parse(name).name, readFileSync(join(dir, name), 'utf8')]));
  } catch (error) {
    throw new UsageError(`--templates: cannot read ${dir}: ${messageOf(error)}`);
  }
}
