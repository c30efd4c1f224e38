import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FlavourName } from '../bird/flavour.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import { byBytes } from '../core/order.ts';
import { parseDocuments } from '../datastore/documents.ts';
import type { Layout } from '../render/view.ts';

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
  readonly nodes: readonly string[] | 'all';
  readonly birds: readonly FlavourName[];
  readonly layouts: readonly Layout[];
  readonly env: Readonly<Record<string, string>>;
  /** Whose rules count, as --calico-release takes it: "auto" or "3.N". */
  readonly release: string;
  readonly expect: { readonly exit: number };
  /** What lies at the destination before the first step: file name → text. */
  readonly live: ReadonlyMap<string, string>;
  readonly steps: readonly Step[];
}

type Header = Partial<Pick<Scenario, 'nodes' | 'birds' | 'layouts' | 'env' | 'release' | 'expect'>>;

const texts = { type: 'array', items: { type: 'string' }, minItems: 1 };

const HEADER_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    kind: { const: 'Case' },
    nodes: { anyOf: [texts, { const: 'all' }] },
    birds: { ...texts, items: { enum: ['calico', '1.6'] } },
    layouts: { ...texts, items: { enum: ['single', 'calico'] } },
    env: { type: 'object', additionalProperties: { type: 'string' } },
    release: { type: 'string', pattern: '^(auto|3\\.\\d+)$' },
    expect: {
      type: 'object',
      additionalProperties: false,
      required: ['exit'],
      properties: { exit: { enum: [0, 3] } },
    },
  },
};

async function checkedHeader(value: unknown, file: string): Promise<Header> {
  const { Ajv } = await import('ajv');
  const ajv = new Ajv({ allErrors: true });
  if (ajv.validate(HEADER_SCHEMA, value)) return value as Header;
  throw new UsageError(`${file}: ${ajv.errorsText(ajv.errors, { dataVar: 'Case' })}`);
}

const STEP_FILE = /^in(?:\.(\d\d)-[a-z0-9-]+)?\.yaml$/;

/** The steps' files in order. A name that only looks like a step's would be left out in silence, so it is refused. */
async function stepFiles(dir: string): Promise<readonly string[]> {
  const files = (await readdir(dir)).filter((name) => /^in\b.*\.ya?ml$/.test(name));
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
async function liveFiles(dir: string): Promise<ReadonlyMap<string, string>> {
  const folder = join(dir, 'live');
  const names = existsSync(folder) ? await readdir(folder) : [];
  const files = names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const);
  return new Map(await Promise.all(files));
}

/** Reads a case folder. Throws UsageError where the case itself is wrong: no input, an unknown field of `kind: Case`. */
export async function readScenario(dir: string): Promise<Scenario> {
  const files = await stepFiles(dir);
  let header: Header = {};
  let values: Readonly<Record<string, string>> = {};
  const steps: Step[] = [];
  for (const file of files) {
    const parsed = await parseDocuments(await readFile(join(dir, file), 'utf8'), file);
    for (const { value, origin } of parsed.others) {
      if (steps.length > 0) throw new UsageError(`${dir}/${origin}: only in.yaml holds the case's header`);
      header = await checkedHeader(value, join(dir, origin));
    }
    const kept = Object.entries(values).filter(([key]) => !parsed.deletes.has(key));
    const changed = [...parsed.entries].map(([key, { value }]) => [key, value]);
    values = Object.fromEntries([...kept, ...changed]);
    const number = STEP_FILE.exec(file)?.[1];
    steps.push({ file, out: number ? `out.${number}` : 'out', values, diagnostics: parsed.diagnostics });
  }
  return {
    dir,
    nodes: header.nodes ?? 'all',
    birds: header.birds ?? ['1.6'],
    layouts: header.layouts ?? ['single'],
    env: header.env ?? {},
    release: header.release ?? '3.33',
    expect: header.expect ?? { exit: 0 },
    live: await liveFiles(dir),
    steps,
  };
}

/** The case folders at or under `dir`, in order: those that hold an in.yaml. Throws UsageError when there are none. */
export async function findCases(dir: string): Promise<readonly string[]> {
  const names = await readdir(dir, { recursive: true }).catch((error: unknown) => {
    throw new UsageError(`${dir}: ${messageOf(error)}`);
  });
  const cases = names.filter((name) => /(^|\/)in\.yaml$/.test(name)).map((name) => join(dir, name, '..'));
  if (cases.length === 0) throw new UsageError(`${dir}: no case there (a folder with an in.yaml)`);
  return cases.sort(byBytes);
}
