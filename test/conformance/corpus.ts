import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Flags } from '../../src/given-options.ts';
import { readIfThere } from './releases.ts';

const corpus = fileURLToPath(new URL('../../../shared/conformance/corpus', import.meta.url));

/** One input in `dir`, and in `expected` below it what Calico's newest confd makes of it. */
export interface CorpusCase {
  readonly name: string;
  readonly dir: string;
}

const casesBelow = (dir: string): readonly string[] =>
  readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(dir, name))
    .sort()
    .flatMap((path) => [...(existsSync(join(path, 'expected')) ? [path] : []), ...casesBelow(path)]);

/** The cases of the newest Calico release, by name; none, and a line that says so, where they are not beside this repository. */
export function corpusCases(): readonly CorpusCase[] {
  if (!existsSync(corpus)) {
    console.log(`skipped: Calico's cases are not at ${corpus}`);
    return [];
  }
  return casesBelow(corpus).map((dir) => ({ name: relative(corpus, dir), dir }));
}

/** The flags and variables with which birdconfd reads a case; what it needs beside the case's own files goes into `side`. */
export function readsCase(dir: string, side: string): { readonly flags: Flags; readonly env: Record<string, string> } {
  const env: Record<string, string> = JSON.parse(readIfThere(dir, 'env.json') || '{}');
  const inputs = [join(dir, 'etcd.json')];
  const kubernetes = readIfThere(dir, 'kubernetes.json');
  if (kubernetes) {
    const items = Object.values(JSON.parse(kubernetes) as Record<string, unknown[]>).flat();
    inputs.push(join(side, 'kubernetes.json'));
    writeFileSync(inputs.at(-1)!, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }
  const status = readIfThere(dir, 'endpoint-status.json');
  if (status) {
    mkdirSync(join(side, 'endpoint-status'));
    for (const [file, content] of Object.entries(JSON.parse(status) as Record<string, unknown>)) {
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      writeFileSync(join(side, 'endpoint-status', file), text);
    }
    env.CALICO_ENDPOINT_STATUS_PATH_PREFIX = side;
  }
  return { flags: { input: inputs, node: env.NODENAME ?? '', 'allow-missing-password': true }, env };
}

/** The files that Calico wrote, by name. */
export const expectedFiles = (dir: string): ReadonlyMap<string, string> =>
  new Map(readdirSync(join(dir, 'expected')).map((name) => [name, readFileSync(join(dir, 'expected', name), 'utf8')]));
