import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FlavourName } from '../bird/flavour.ts';
import { type Diagnostic, formatDiagnostic } from '../core/diagnostic.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import { resourceName, resourcePrefix, splitKey, V1_HOSTS } from '../core/keys.ts';
import { byBytes } from '../core/order.ts';
import { isResourceName } from '../datamodel/values.ts';
import { member, type SourceDocument } from '../datastore/document-entries.ts';
import { parseDocuments } from '../datastore/documents.ts';
import type { Layout } from '../render/view.ts';
import { type CaseFiles, caseFiles } from './case-files.ts';
import { type CaseHeader, checkedHeader } from './case-header.ts';
import { readText } from './read-text.ts';

/** One step of a case: the whole state of the datastore after it, key → value. */
export interface Step {
  /** `in.yaml`, `in.02-peer-added.yaml`. */
  readonly file: string;
  /** The folder of its goldens: `out`, `out.02`. */
  readonly out: string;
  readonly values: Readonly<Record<string, string>>;
  /** Faults of the documents themselves. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A case of the golden harness (fixtures/README.md): what to render, from which states, for whom. */
export interface Scenario {
  readonly dir: string;
  /** The comment on top of in.yaml, on one line. */
  readonly about: string;
  readonly nodes: readonly string[] | 'all';
  readonly birds: readonly FlavourName[];
  readonly layouts: readonly Layout[];
  readonly env: Readonly<Record<string, string>>;
  /** Whose rules count, as --calico-release takes it: "auto" or "3.N". With several, each has goldens of its own. */
  readonly releases: readonly string[];
  /** Its nodes are brought up as real BIRDs too, and what these learn is a golden. */
  readonly converge: boolean;
  readonly expect: { readonly exit: number };
  /** What lies at the destination before the first step: file name → text. */
  readonly live: ReadonlyMap<string, string>;
  readonly steps: readonly Step[];
}

const STEP_FILE = /^in(?:\.(\d\d)-[a-z0-9-]+)?\.yaml$/;

/** The steps' files in order. A name that only looks like a step's would be left out in silence, so it is refused. */
function stepFiles(dir: string): readonly string[] {
  const files = readdirSync(dir).filter((name) => /^in\b.*\.ya?ml$/.test(name));
  files.sort((a, b) => byBytes(a.replace('in.yaml', ''), b.replace('in.yaml', '')));
  if (files[0] !== 'in.yaml') throw new UsageError(`${dir}: a case begins with in.yaml`);
  const numbers = new Set<string>();
  for (const file of files.slice(1)) {
    const number = STEP_FILE.exec(file)?.[1];
    if (number === undefined) throw new UsageError(`${dir}/${file}: a step is named in.02-<what>.yaml`);
    if (numbers.has(number)) throw new UsageError(`${dir}/${file}: there is another step ${number}`);
    numbers.add(number);
  }
  return files;
}

/** The files of the case's live/ folder, if it has one. */
function liveFiles(dir: string): ReadonlyMap<string, string> {
  const folder = join(dir, 'live');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return new Map(names.map((name) => [name, readText(join(folder, name))]));
}

interface Start {
  readonly header: CaseHeader;
  readonly values: Readonly<Record<string, string>>;
  readonly live: ReadonlyMap<string, string>;
}

/** What another case, or nothing, hands on. */
async function startOf(dir: string, header: CaseHeader, heirs: readonly string[]): Promise<Start> {
  if (header.extends === undefined) return { header, values: {}, live: new Map() };
  const parent = resolve(dir, header.extends);
  if (heirs.includes(parent)) throw new UsageError(`${dir}: extends itself, by way of ${header.extends}`);
  const start = await readFirst(parent, [...heirs, parent]).catch((error: unknown) => {
    throw error instanceof UsageError
      ? error
      : new UsageError(`${dir}: extends ${header.extends}: ${messageOf(error)}`);
  });
  const { release, releases, ...inherited } = start.header;
  const rules = header.release || header.releases ? {} : { ...(release && { release }), ...(releases && { releases }) };
  return { header: { ...inherited, ...rules, ...header }, values: start.values, live: start.live };
}

/** The comment that a file begins with, on one line. */
const aboutOf = (text: string): string =>
  (/^(?:#.*\n)+/.exec(text)?.[0] ?? '')
    .split('\n')
    .map((line) => line.replace(/^#\s?/, '').trim())
    .join(' ')
    .trim();

type Parsed = Awaited<ReturnType<typeof parseDocuments>>;

/** What a text says over what was there before. */
function overlaid(values: Start['values'], parsed: Parsed, files: CaseFiles): Start['values'] {
  const all = new Map(Object.entries(values));
  for (const key of parsed.deletes.keys()) all.delete(key);
  for (const [key, { value }] of parsed.entries) all.set(key, value);
  for (const [key, value] of files.values) {
    if (value === null) all.delete(key);
    else all.set(key, value);
  }
  return Object.fromEntries(all);
}

const isFile = ({ value }: SourceDocument): boolean => member(value, 'kind') === 'File';

/** in.yaml, over what the case that it extends starts from. */
async function readFirst(dir: string, heirs: readonly string[]) {
  const text = readText(join(dir, 'in.yaml'));
  const parsed = await parseDocuments(text, 'in.yaml');
  const [one, another] = parsed.others.filter((document) => !isFile(document));
  if (another)
    throw new UsageError(`${dir}/${another.origin}: a case has one header, and there is one at ${one?.origin}`);
  const own = one ? checkedHeader(one.value, join(dir, one.origin)) : {};
  const files = caseFiles(parsed.others.filter(isFile), dir);
  const { header, values, live } = await startOf(dir, own, heirs);
  const lying = new Map<string, string | null>([...live, ...files.live]);
  return {
    header,
    values: overlaid(values, parsed, files),
    live: new Map([...lying].flatMap(([name, content]) => (content === null ? [] : [[name, content] as const]))),
    about: aboutOf(text),
    diagnostics: parsed.diagnostics,
  };
}

/** Reads a case folder. Throws UsageError where the case itself is wrong: no input, an unknown field of `kind: Case`. */
export async function readScenario(dir: string): Promise<Scenario> {
  const files = stepFiles(dir);
  const { header, about, live, ...first } = await readFirst(dir, [resolve(dir)]);
  const steps: Step[] = [{ file: 'in.yaml', out: 'out', values: first.values, diagnostics: first.diagnostics }];
  for (const file of files.slice(1)) {
    const parsed = await parseDocuments(readText(join(dir, file)), file);
    const found = parsed.others.find((document) => !isFile(document));
    if (found) throw new UsageError(`${dir}/${found.origin}: only in.yaml holds the case's header`);
    const own = caseFiles(parsed.others, dir);
    if (own.live.size > 0) throw new UsageError(`${dir}/${file}: what lies at the destination is in.yaml's to say`);
    const values = overlaid(steps.at(-1)?.values ?? {}, parsed, own);
    steps.push({ file, out: `out.${STEP_FILE.exec(file)?.[1]}`, values, diagnostics: parsed.diagnostics });
  }
  return { ...scenarioOf(dir, header, steps), about, live: new Map([...live, ...liveFiles(dir)]) };
}

/** A case of these steps, with the defaults of whatever the header leaves out. */
export function scenarioOf(dir: string, header: CaseHeader, steps: readonly Step[]): Scenario {
  return {
    dir,
    about: '',
    nodes: header.nodes ?? 'all',
    birds: header.birds ?? ['1.6'],
    layouts: header.layouts ?? ['single'],
    env: header.env ?? {},
    releases: header.releases ?? [header.release ?? '3.33'],
    converge: header.converge ?? false,
    expect: header.expect ?? { exit: 0 },
    live: new Map(),
    steps,
  };
}

/** The nodes that a case is rendered for, sorted. Throws UsageError where it asks for all and has none. */
export function nodesOf(scenario: Scenario): readonly string[] {
  if (scenario.nodes !== 'all') return scenario.nodes;
  const keys = scenario.steps.flatMap((step) => Object.keys(step.values));
  const names = keys.filter((key) => key.startsWith(resourcePrefix('Node'))).map((key) => resourceName('Node', key));
  const hosts = keys.filter((key) => key.startsWith(V1_HOSTS)).map((key) => splitKey(V1_HOSTS, key).first);
  const nodes = [...new Set([...names, ...hosts].filter((name) => name !== null && isResourceName(name)))] as string[];
  if (nodes.length === 0) {
    const faults = scenario.steps.flatMap(({ diagnostics }) => diagnostics.map(formatDiagnostic));
    throw new UsageError(['the case has no Node, so it renders nothing', ...new Set(faults)].join('; '));
  }
  return nodes.sort(byBytes);
}

/** Goldens are no place for cases, and there may be thousands of them. */
const isSearched = (name: string): boolean => !/^out(\.|$)/.test(name) && name !== 'node_modules';

function* casesBelow(dir: string): Generator<string> {
  const entries = readdirSync(dir, { withFileTypes: true });
  if (entries.some(({ name }) => name === 'in.yaml')) yield dir;
  for (const entry of entries)
    if (entry.isDirectory() && isSearched(entry.name)) yield* casesBelow(join(dir, entry.name));
}

/** The case folders at or under `dir`, in order: those that hold an in.yaml. Throws UsageError when there are none. */
export function findCases(dir: string): readonly string[] {
  let cases: readonly string[];
  try {
    cases = [...casesBelow(dir)].sort(byBytes);
  } catch (error) {
    throw new UsageError(`${dir}: ${messageOf(error)}`);
  }
  if (cases.length === 0) throw new UsageError(`${dir}: no case there (a folder with an in.yaml)`);
  return cases;
}
