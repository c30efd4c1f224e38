import { join, relative } from 'node:path';
import { clusterPrefixes } from '../core/keys.ts';
import { FilesDatastore } from '../datastore/files.ts';
import { type Scenario, scenarioOf } from './scenario.ts';

/**
 * A folder of resources as calicoctl and kubectl print them, which is no case, as one: for all of its nodes, by the rules of the release
 * that it names. Rejects as FilesDatastore does.
 */
export async function plainData(dir: string): Promise<Scenario> {
  const store = new FilesDatastore([dir], { log: () => undefined, watch: false });
  const prefixes = clusterPrefixes();
  try {
    await store.start(prefixes, () => undefined, new AbortController().signal);
    const { entries, diagnostics } = store.snapshot();
    const values = prefixes.flatMap((prefix) => [...entries(prefix)].map(([key, { value }]) => [key, value] as const));
    // Where the folder lies is no part of what is wrong in it.
    const local = diagnostics.map((each) => ({
      ...each,
      key: each.key.startsWith(dir) ? relative(dir, each.key) : each.key,
    }));
    const step = { file: '', out: 'out', values: Object.fromEntries(values), diagnostics: local };
    return { ...scenarioOf(join(dir), { release: 'auto' }, [step]), about: '' };
  } finally {
    await store.close();
  }
}
