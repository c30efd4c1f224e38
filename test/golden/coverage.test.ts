import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import type { Shape } from '../../src/datamodel/field.ts';
import { SCHEMAS } from '../../src/datamodel/resources.ts';
import { runCase } from '../../src/golden/run-case.ts';
import { findCases, readScenario, type Scenario } from '../../src/golden/scenario.ts';
import { Environment, type View } from '../../src/render/environment.ts';
import { temporaryFolder } from '../support/folder.ts';
import { FieldReads } from './field-reads.ts';
import { type Branch, instrument, marksIn } from './instrument.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scenarios = await Promise.all((await findCases(join(root, 'fixtures'))).map(readScenario));

/** Who reads which fields: the views are made of the model, and templates read the views. */
let model = new FieldReads();
let view = new FieldReads();

vi.mock(import('../../src/render/view.ts'), async (original) => {
  const real = await original();
  return { ...real, familyView: (bgp, names, version) => view.of(real.familyView(model.of(bgp), names, version)) };
});

// Forms look at every field: here it counts what the templates read.
vi.mock(import('../../src/render/forms.ts'), async (original) => {
  const real = await original();
  class NoForms extends real.Forms {
    readonly #render: (view: View) => string;

    constructor(...given: ConstructorParameters<typeof real.Forms>) {
      super(...given);
      [this.#render] = given;
    }

    override textOf(view: View): string {
      return this.#render(view);
    }
  }
  return { ...real, Forms: NoForms };
});

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

interface Missed {
  /** The branches that the scenarios never enter, as `template:line {{#block}} was never true`. */
  readonly branches: readonly string[];
  /** The fields of the model that no view is made of, and those of the views that no template reads. */
  readonly model: readonly string[];
  readonly view: readonly string[];
}

async function missedBy(
  of: readonly Scenario[],
  alter: (tree: string) => Promise<void> = async () => {},
): Promise<Missed> {
  const { tree, branches } = await instrumentedTemplates();
  await alter(tree);
  [model, view] = [new FieldReads(), new FieldReads()];
  const entered = new Set<string>();
  for (const scenario of of) {
    const { files } = await runCase(scenario, tree);
    for (const text of files.values()) for (const id of marksIn(text)) entered.add(id);
  }
  const missed = branches.filter((branch) => !entered.has(branch.id) && !(labelOf(branch) in EXCLUDED));
  const wrong = branches.filter((branch) => entered.has(branch.id) && labelOf(branch) in EXCLUDED);
  return {
    branches: [
      ...missed.map(({ block, taken }) => `${block} was never ${taken}`),
      ...wrong.map(({ block, taken }) => `${block} is excluded but was ${taken}`),
    ],
    model: model.never,
    view: view.never,
  };
}

describe('every block of every template, and every field of model and views', () => {
  it('is rendered in both branches, and read, by the fixtures', async () => {
    expect(await missedBy(scenarios)).toEqual({ branches: [], model: [], view: [] });
    expect([model.size, view.size].every((size) => size > 50)).toBe(true);
  }, 240_000);

  it('is missed, and named, where no fixture has its data', async () => {
    const some = scenarios.filter(({ dir }) => dir.endsWith('mesh/alone'));
    expect(some).toHaveLength(1);
    const missed = await missedBy(some);
    for (const block of [
      /^bird1\/peer\.hbs:\d+ \{\{#if passive\}\} was never true$/,
      /^bird1\/aggr\.hbs:\d+ \{\{#if hasRoutes\}\} was never true$/,
    ])
      expect(missed.branches).toContainEqual(expect.stringMatching(block));
  });

  it('is missed, and named, where nothing reads it', async () => {
    const some = scenarios.filter(({ dir }) => dir.endsWith('mesh/three-nodes'));
    expect(some).toHaveLength(1);
    const { view: unread } = await missedBy(some, async (tree) => {
      const peer = join(tree, 'bird1/peer.hbs');
      await writeFile(peer, (await readFile(peer, 'utf8')).replaceAll('#if passive', '#if internal'));
    });
    expect(unread).toContain('peers[].passive');
    expect(unread).not.toContain('peers[].internal');
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
