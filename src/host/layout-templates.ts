import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataLayout } from '../core/keys.ts';
import type { TemplateTexts } from '../render/environment.ts';
import { readTemplates } from './read-templates.ts';

/** The folder that holds what the v1 layout's statements say otherwise. */
const V1_FOLDER = 'calico-v1';

/** The template texts for the data of each layout. */
export type LayoutTemplates = Readonly<Record<DataLayout, TemplateTexts>>;

/**
 * The templates of a tree for both layouts: those of `folder`, and for v1 those of `calico-v1/` over them, which states only what
 * differs. A tree of one's own without that folder has none for v1. Throws UsageError as `readTemplates` does.
 */
export async function readLayoutTemplates(
  tree: string,
  folder: string,
  overlay: string | null,
): Promise<LayoutTemplates> {
  const base = await readTemplates(tree, folder, overlay);
  const isThere = await access(join(tree, V1_FOLDER)).then(
    () => true,
    () => false,
  );
  const v1 = isThere ? await readTemplates(tree, V1_FOLDER, overlay) : null;
  return { v3: base, v1: v1 ? new Map([...base, ...v1]) : new Map() };
}
