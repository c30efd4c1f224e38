import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  affinityPrefix,
  kubernetesPrefix,
  type ResourceKind,
  resourcePrefix,
  STATUS_FILES,
} from '../../src/core/keys.ts';
import { byBytes } from '../../src/core/order.ts';
import { INVALID } from '../../src/datamodel/field.ts';
import { SCHEMAS } from '../../src/datamodel/resources.ts';
import { parseDocuments } from '../../src/datastore/documents.ts';
import { anyCluster } from '../bgp/any-cluster.ts';
import type { Kind } from './fields.ts';

/** Valid resources of each kind, parsed: what hostile ones are made from. */
export type Originals = ReadonlyMap<Kind, readonly unknown[]>;

const PREFIXES: readonly (readonly [Kind, string])[] = [
  ...(['Node', 'BGPConfiguration', 'IPPool', 'BGPPeer', 'BGPFilter', 'ClusterInformation'] as const).map(
    (kind) => [kind, resourcePrefix(kind satisfies ResourceKind)] as const,
  ),
  ['BlockAffinity', affinityPrefix('').slice(0, -1)],
  ['Service', kubernetesPrefix('Service')],
  ['EndpointSlice', kubernetesPrefix('EndpointSlice')],
  ['Secret', kubernetesPrefix('Secret')],
  ['WorkloadStatus', STATUS_FILES],
];

const RANDOM_CLUSTERS = 40;

/** All that the valid cases of `fixtures` hold, and random valid clusters of `seed`; each text once. */
export async function readOriginals(fixtures: string, seed: number): Promise<Originals> {
  const names = await readdir(fixtures, { recursive: true });
  const files = names
    .filter((name) => /(?:^|\/)in(?:\.[^/]*)?\.yaml$/.test(name) && !name.startsWith('invalid/'))
    .sort(byBytes);
  const written: (readonly [key: string, value: string])[] = [];
  for (const file of files) {
    const { entries } = await parseDocuments(await readFile(join(fixtures, file), 'utf8'), file);
    written.push(...[...entries].map(([key, { value }]) => [key, value] as const));
  }
  const random = fc.sample(anyCluster, { seed, numRuns: RANDOM_CLUSTERS }).flat();
  const originals = new Map<Kind, Map<string, unknown>>(PREFIXES.map(([kind]) => [kind, new Map()]));
  for (const [key, text] of [...written, ...random]) {
    const [kind] = PREFIXES.find(([, prefix]) => key.startsWith(prefix)) ?? [];
    const value = parsed(text);
    if (kind && SCHEMAS[kind].decode(value, []) !== INVALID) originals.get(kind)?.set(text, value);
  }
  for (const [kind, values] of originals) if (values.size === 0) throw new Error(`bug: no valid ${kind} to begin with`);
  return new Map([...originals].map(([kind, values]) => [kind, [...values.values()]]));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a step that shows what becomes of a broken value
  }
}
