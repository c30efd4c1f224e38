import { readdir, readFile, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { Diagnostic } from '../core/diagnostic.ts';
import { digestOf } from '../core/digest.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { byBytes } from '../core/order.ts';
import { templateFault } from '../render/template-fault.ts';

/** One template that an overlay replaces. */
export interface Override {
  /** The overlay's file. */
  readonly path: string;
  /** The folder and stem of the template, `bird1` and `peer`. */
  readonly folder: string;
  readonly name: string;
  readonly text: string;
  /** The short digest of the text that is replaced. */
  readonly replaced: string;
  /** The short digest of the text that this one says it was made from; null when it says nothing. */
  readonly madeFrom: string | null;
}

/** What stands in an overlay file's first comment: enough of the SHA-256 to tell two releases' texts apart. */
const shortDigest = (text: string): string => digestOf(text).slice(0, 12);

const MADE_FROM = /^\s*\{\{~?!-{0,2}\s*from birdconfd ([0-9a-f]{12})\b/;

/** The templates below `dir`, as `folder/name.hbs`, by bytes. Links are followed; hidden names, a mounted ConfigMap's, are left out. */
async function templatesBelow(dir: string, prefix = ''): Promise<readonly string[]> {
  const names = (await readdir(join(dir, prefix))).filter((name) => !name.startsWith('.')).sort(byBytes);
  const found = names.map(async (name): Promise<readonly string[]> => {
    const path = prefix + name;
    if ((await stat(join(dir, path))).isDirectory()) return templatesBelow(dir, `${path}/`);
    return name.endsWith('.hbs') ? [path] : [];
  });
  return (await Promise.all(found)).flat();
}

async function readOverride(tree: string, overlay: string, path: string, others: readonly string[]): Promise<Override> {
  const { dir: folder, name } = parse(path);
  const text = await readFile(join(overlay, path), 'utf8');
  // What calico-v1/ does not state is bird1's.
  const beside = others.map(parse).filter(({ dir }) => dir === folder || dir === 'bird1');
  const fault = await templateFault(name, text, new Set(beside.map((other) => other.name)));
  if (fault) throw new UsageError(`--templates-overlay: ${join(overlay, path)}:${fault.line}: ${fault.message}`);
  const replaced = shortDigest(await readFile(join(tree, path), 'utf8'));
  return { path: join(overlay, path), folder, name, text, replaced, madeFrom: MADE_FROM.exec(text)?.[1] ?? null };
}

/**
 * The templates of `tree` that the folder `overlay`, laid out like it, replaces, by path. Throws UsageError when it cannot be read,
 * when a file of it replaces nothing (with the nearest names) or is no template (with file and line). Files other than *.hbs are
 * left alone.
 */
export async function readOverlay(tree: string, overlay: string): Promise<readonly Override[]> {
  try {
    const known = await templatesBelow(tree);
    const paths = await templatesBelow(overlay);
    const stray = paths.find((path) => !known.includes(path));
    if (stray !== undefined) {
      const names = nearest(stray, known, 3).join(', ');
      throw new UsageError(
        `--templates-overlay: ${join(overlay, stray)} replaces no template; the nearest names are ${names}`,
      );
    }
    return await Promise.all(paths.map((path) => readOverride(tree, overlay, path, known)));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--templates-overlay: cannot read ${overlay}: ${messageOf(error)}`);
  }
}

/** What `check` tells about an overlay: every template that is replaced, and those that were not made from the text they replace. */
export function overlayDiagnostics(overrides: readonly Override[]): readonly Diagnostic[] {
  return overrides.flatMap(({ path: key, folder, name, replaced, madeFrom }): readonly Diagnostic[] => {
    const message = `replaces ${folder}/${name}.hbs, whose text is ${replaced}`;
    const overridden = { severity: 'warning', code: 'template-overridden', key, path: [], message } as const;
    if (madeFrom === replaced) return [overridden];
    const why =
      madeFrom === null
        ? 'it does not say which text it was made from'
        : `it was made from ${madeFrom}, and the text is ${replaced} now`;
    const remedy = `compare the two, then begin it with {{!-- from birdconfd ${replaced} --}}`;
    return [
      overridden,
      { severity: 'warning', code: 'template-outdated', key, path: [], message: `${why}: ${remedy}` },
    ];
  });
}
