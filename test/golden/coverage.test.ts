import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Shape } from '../../src/datamodel/field.ts';
import { SCHEMAS } from '../../src/datamodel/resources.ts';
import { runCase } from '../../src/golden/run-case.ts';
import { findCases, readScenario, type Scenario } from '../../src/golden/scenario.ts';
import { Environment } from '../../src/render/environment.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type Branch, instrument, marksIn } from './instrument.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scenarios = await Promise.all((await findCases(join(root, 'fixtures'))).map(readScenario));

/** Branches that no data can enter, each with its reason. */
const EXCLUDED: Readonly<Record<string, string>> = {
  'bird1/peer.hbs {{#each origins}} false': 'every session follows from at least one resource',
  'bird1/filter.hbs {{#each origins}} false': 'every function follows from a BGPFilter',
  'bird1/filter.hbs {{#each rules}} false': 'a direction without rules has no function',
  'bird1/filter-match.hbs {{#each conditions}} false': 'it stands inside an if of the same list',
  'bird1/filter-condition.hbs {{#each prefix}} false': 'an empty asPathPrefix is no condition',
  'bird1/bird.hbs {{#each communities}} false': 'an entry without a community is left out',
  'calico-v1/aggr.hbs {{#each blocks as |held|}} false': 'it stands inside an if of the same list',
  'calico-v1/ipam.hbs {{#each customFilters as |custom|}} false': 'it stands inside an if of the same list',
  'calico-v1/peer.hbs {{#each origins}} false': 'every session follows from at least one key',
  'bird1/community-parts.hbs {{#each parts}} false': 'a community has two or three parts',
};

const labelOf = ({ block, taken }: Branch): string => `${block.replace(/:\d+/, '')} ${taken}`;

/** The templates with marks, in a tree of their own. */
async function instrumentedTemplates(): Promise<{ tree: string; branches: readonly Branch[] }> {
  const tree = await temporaryFolder();
  await cp(join(root, 'templates'), tree, { recursive: true });
  const branches: Branch[] = [];
  for (const path of (await readdir(tree, { recursive: true })).filter((name) => name.endsWith('.hbs'))) {
    const marked = instrument(path, await readFile(join(tree, path), 'utf8'));
    await writeFile(join(tree, path), marked.text);
    branches.push(...marked.branches);
  }
  return { tree, branches };
}

/** The branches that the scenarios never enter, as `template:line {{#block}} was never true`. */
async function neverEntered(of: readonly Scenario[]): Promise<readonly string[]> {
  const { tree, branches } = await instrumentedTemplates();
  const entered = new Set<string>();
  for (const scenario of of) {
    const { files } = await runCase(scenario, tree);
    for (const text of files.values()) for (const id of marksIn(text)) entered.add(id);
  }
  const missed = branches.filter((branch) => !entered.has(branch.id) && !(labelOf(branch) in EXCLUDED));
  const wrong = branches.filter((branch) => entered.has(branch.id) && labelOf(branch) in EXCLUDED);
  return [
    ...missed.map(({ block, taken }) => `${block} was never ${taken}`),
    ...wrong.map(({ block, taken }) => `${block} is excluded but was ${taken}`),
  ];
}

describe('every block of every template', () => {
  it('is rendered in both branches by the fixtures', async () => {
    expect(await neverEntered(scenarios)).toEqual([]);
  });

  it('is missed, and named, where no fixture has its data', async () => {
    const some = scenarios.filter(({ dir }) => dir.endsWith('mesh/alone'));
    expect(some).toHaveLength(1);
    const missed = await neverEntered(some);
    expect(missed).toContainEqual(expect.stringMatching(/^bird1\/peer\.hbs:\d+ \{\{#if passive\}\} was never true$/));
    expect(missed).toContainEqual(expect.stringMatching(/^bird1\/aggr\.hbs:\d+ \{\{#if hasRoutes\}\} was never true$/));
  });

  it('is marked, whatever its form', () => {
    const source =
      'a{{#if x}}b{{else if y}}c{{/if}}\n{{#each z}}\n  {{this}}\n{{else}}\n  {{#unless x}}n{{/unless}}\n{{/each}}';
    const { text, branches } = instrument('t', source);
    const render = (view: Record<string, unknown>) => {
      const [block] = new Environment(new Map([['t', text]])).render('t', { ...view, origins: [] });
      return marksIn(block!.text).map((id) => labelOf(branches.find((branch) => branch.id === id)!));
    };
    const [ifX, ifY, each, unless] = ['t {{#if x}}', 't {{else if y}}', 't {{#each z}}', 't {{#unless x}}'];
    expect(render({ x: true, y: true, z: [1] })).toEqual([`${ifX} true`, `${each} true`]);
    expect(render({ x: false, y: true, z: [1, 2] })).toEqual([`${ifY} true`, `${each} true`, `${each} true`]);
    expect(render({ x: false, y: false, z: [] })).toEqual([`${ifY} false`, `${each} false`, `${unless} true`]);
    expect(render({ x: true, y: true, z: [] })).toEqual([`${ifX} true`, `${each} false`, `${unless} false`]);
  });
});

describe('every field of every schema', () => {
  /** Dotted paths of the leaves: `Node.spec.bgp.asNumber`. */
  const leaves = (shape: Shape, path: string): readonly string[] =>
    shape.type === 'record'
      ? Object.entries(shape.fields).flatMap(([name, field]) => leaves(field, `${path}.${name}`))
      : [path];

  it('is set by some fixture', () => {
    const documents = scenarios.flatMap(({ steps }) => steps.flatMap(({ values }) => Object.entries(values)));
    const kindOf = (key: string) => {
      if (key.startsWith('/calico/ipam/')) return 'BlockAffinity';
      if (key.startsWith('status:/')) return 'WorkloadStatus';
      if (key.startsWith('k8s:/')) return key.split('/')[1];
      const plural = key.split('/')[5];
      return Object.keys(SCHEMAS).find((kind) => plural === `${kind.toLowerCase()}s`);
    };
    const set = new Set<string>();
    const note = (value: unknown, path: string) => {
      if (value === null || value === '') return;
      set.add(path);
      if (typeof value === 'object' && !Array.isArray(value))
        for (const [name, member] of Object.entries(value)) note(member, `${path}.${name}`);
    };
    for (const [key, text] of documents) {
      const kind = kindOf(key);
      if (kind !== undefined && /^\{.*\}$/.test(text)) note(JSON.parse(text), kind);
    }
    const fields = Object.entries(SCHEMAS).flatMap(([kind, { shape }]) => leaves(shape, kind));
    expect(fields.filter((field) => !set.has(field))).toEqual([]);
    expect(fields.length).toBeGreaterThan(20);
  });
});
