import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FLAVOURS } from '../bird/flavour.ts';
import { UsageError } from '../core/errors.ts';
import { clusterPrefixes } from '../core/keys.ts';
import type { NamedText } from '../core/named-text.ts';
import { byBytes } from '../core/order.ts';
import { readLayoutTemplates } from '../host/layout-templates.ts';
import { fileNames } from '../render/view.ts';
import type { Settings } from '../settings.ts';
import { ClusterRenderer, type NodeFiles } from './cluster-renderer.ts';
import { chooseFlavour, templatesFor } from './prepare-bgp.ts';
import { readOnce } from './read-once.ts';

/** The two sides of a comparison of whole clusters, and what people call them. */
export interface ClusterSides {
  readonly before: NodeFiles;
  readonly after: ClusterRenderer;
  readonly names: { readonly before: string; readonly after: string };
}

/** The word of --against for what etcd holds now. */
const LIVE = 'etcd';

/** `<dir>/<node>/bird.conf …`, as `render --output DIR/<node>` writes them or as they were fetched from the nodes. */
async function storedFiles(dir: string, { layout }: Settings): Promise<NodeFiles | null> {
  const sets = (['bird', 'bird6'] as const).map((daemon) => {
    const { bird, parts } = fileNames(layout, daemon);
    return parts ? [bird, parts.aggr, parts.ipam] : [bird];
  });
  const holdsAny = (folder: string) => sets.some(([main = '']) => existsSync(join(dir, folder, main)));
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const nodes = entries.filter((entry) => entry.isDirectory() && holdsAny(entry.name)).map(({ name }) => name);
  if (nodes.length === 0) return null;
  const files = async (node: string): Promise<readonly NamedText[] | null> => {
    const names = sets.flat().filter((name) => existsSync(join(dir, node, name)));
    const texts = names.map(async (name) => ({ name, text: await readFile(join(dir, node, name), 'utf8') }));
    return names.length === 0 ? null : Promise.all(texts);
  };
  return { nodes: nodes.sort(byBytes), files };
}

/**
 * Both sides of `plan --all-nodes`. After is what the settings say. Before, `against`, is one of: `etcd` for what etcd holds now, where
 * the settings' --input is what it shall hold; a tree of templates; the nodes' files, a folder each; another set of data as --input takes
 * it. Throws UsageError where it is none of these; rejects as `readOnce` does.
 */
export async function clusterSides(settings: Settings, against: string): Promise<ClusterSides> {
  const flavour = await chooseFlavour(settings, false);
  const templates = await templatesFor(settings, flavour);
  const read = async (given: Settings) =>
    new ClusterRenderer(await readOnce(given, clusterPrefixes(given.data)), given, templates, flavour);
  if (against === LIVE) {
    if (!settings.etcd || settings.inputs.length === 0)
      throw new UsageError('--against etcd: give --endpoints, and --input with what etcd shall hold');
    const [before, after] = await Promise.all([read({ ...settings, inputs: [] }), read({ ...settings, etcd: null })]);
    return { before, after, names: { before: 'etcd', after: settings.inputs.join(' ') } };
  }
  const path = resolve(against);
  if (!existsSync(path)) throw new UsageError(`--against ${against}: there is nothing`);
  const names = { before: against, after: settings.etcd ? 'etcd' : settings.inputs.join(' ') };
  const folder = FLAVOURS[flavour].templates;
  if (existsSync(join(path, folder))) {
    const snapshot = await readOnce(settings, clusterPrefixes(settings.data));
    const others = await readLayoutTemplates(path, folder, null);
    const [before, after] = [others, templates].map((texts) => new ClusterRenderer(snapshot, settings, texts, flavour));
    return {
      before: before!,
      after: after!,
      names: { before: against, after: settings.templates ?? 'built-in templates' },
    };
  }
  const after = await read(settings);
  const stored = await storedFiles(path, settings);
  return { before: stored ?? (await read({ ...settings, etcd: null, inputs: [path] })), after, names };
}
