import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'smol-toml';
import { onTestFinished } from 'vitest';
import { handlebarsEngine } from '../../src/confd/handlebars-engine.ts';
import { type Group, makeGroups } from '../../src/confd/make-groups.ts';
import type { PassContext } from '../../src/confd/pass-context.ts';
import { prefixesOf } from '../../src/confd/resource-values.ts';
import { TemplateCache } from '../../src/confd/template-cache.ts';
import { type ResourceDefaults, readTemplateResource } from '../../src/confd/template-resource.ts';
import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { temporaryFolder } from '../support/folder.ts';

const RULES = { covers: 'segment', asked: (key: string) => key } as const;

/** One line of a log. */
interface Told {
  readonly level: string;
  readonly event: string;
  readonly fields: object;
}

/**
 * Resources, their templates and keys in this process, over files in a folder that goes with the test; time stands still until it is moved.
 * `resources`: name → lines of its `[template]`, beside `src` (t), `dest` (DIR/out/NAME) and `keys` (all) where it does not state these;
 * DIR in them is the folder.
 */
export async function groupBench(
  resources: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string>>,
  { dir: existing, ...given }: Partial<PassContext> & { readonly dir?: string } = {},
) {
  const dir = existing ?? (await temporaryFolder());
  const at = (...names: string[]) => join(dir, ...names);
  for (const name of ['templates', 'out']) await mkdir(at(name), { recursive: true });
  await writeFile(at('templates/t'), 'v={{getv "/v" "none"}}\n');
  const told: Told[] = [];
  const shown: string[] = [];
  const clock = new FakeClock();
  const log: PassContext['log'] = (level, event, fields) => void told.push({ level, event, fields: fields ?? {} });
  const times = { checkTimeoutMs: 30_000, reloadTimeoutMs: 30_000 };
  const defaults: ResourceDefaults = { confDir: dir, prefix: null, prefixMode: 'override', ...times };
  const read = Object.entries(resources).map(([name, lines]) => {
    const missing = { src: '"t"', dest: `"${at('out', name)}"`, keys: '["/"]' };
    const more = Object.entries(missing).filter(([key]) => !new RegExp(`^${key} *=`, 'm').test(lines));
    const table = `[template]\n${more.map(([key, value]) => `${key} = ${value}\n`).join('')}${lines}`;
    const content = parse(table.replaceAll('DIR', dir)) as Record<string, unknown>;
    return readTemplateResource(content, { name, file: at('conf.d', `${name}.toml`) }, defaults);
  });
  const diagnostics = read.flatMap((one) => one.diagnostics);
  const usable = read.flatMap(({ resource }) => resource ?? []);
  const prefixes = prefixesOf(usable, RULES);
  const store = new MemoryDatastore(values);
  const raise = () => {
    for (const { dirty } of groups) dirty.raise();
  };
  await store.start(prefixes, raise, new AbortController().signal);
  onTestFinished(() => store.close());
  const context: PassContext = {
    ...{ snapshot: () => store.snapshot(), prefixes, rules: RULES, environment: {}, clock, log },
    ...{ templates: new TemplateCache(at('templates'), handlebarsEngine), stateDir: at('state') },
    ...{ noop: false, syncOnly: false, keepStageFile: false, show: (text: string) => void shown.push(text) },
    ...given,
  };
  const groups: readonly Group[] = makeGroups({ resources: usable, diagnostics, files: read.length }, context, log);
  const pass = async (options: { readonly isQuiet?: boolean } = {}) => {
    const signal = new AbortController().signal;
    const reports = [];
    for (const group of groups) reports.push(await group.pass({ isQuiet: true, ...options, signal }));
    return reports;
  };
  const text = (name: string) => readFile(at(name), 'utf8').catch(() => null);
  return {
    ...{ dir, at, store, clock, groups, told, shown, text, context },
    faults: () => told.filter(({ event }) => event === 'diagnostic').map(({ fields }) => Object.values(fields).join()),
    /** Every group once; their reports. */
    pass,
    /** The units' reports of one more pass, by name. */
    units: async () => {
      const reports = (await pass()).flatMap(({ units }) => units);
      return Object.fromEntries(reports.map((report) => [report.unit, report]));
    },
    lines: async (name: string) => ((await text(name)) ?? '').split('\n').slice(0, -1),
    names: async (name: string) => (await readdir(at(name))).sort(),
    template: (name: string, content: string) => writeFile(at('templates', basename(name)), content),
  };
}
