import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, StageError } from '../core/errors.ts';
import { errnoOf } from '../host/system-error.ts';
import type { CompiledTemplate, TemplateEngine } from './engine.ts';
import { allFunctions } from './functions/all-functions.ts';
import type { FunctionTable, TemplateFunction } from './functions/key-value.ts';
import { Outside } from './functions/outside-functions.ts';
import type { TemplateResource } from './resource.ts';

/** A template ready to be rendered, and the functions of the resource's helpers file. */
export interface LoadedTemplate {
  readonly template: CompiledTemplate;
  readonly own: FunctionTable;
}

interface Kept extends LoadedTemplate {
  /** Path → what tells, without reading, that the file is the same. */
  readonly stamps: ReadonlyMap<string, string>;
}

/** As `{{> header}}` may mean a file. */
const EXTENSIONS = ['', '.hbs', '.tmpl'];

const FUNCTIONS: ReadonlySet<string> = new Set(
  Object.keys(allFunctions(new Map(), new Outside(() => ({ ms: 0, offsetMinutes: 0, zone: 'UTC' }), {}))),
);

const unusable = (code: string, message: string, cause?: unknown): StageError =>
  new StageError('render', code, message, { retryable: false, cause });

async function stampOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
  return [dev, ino, size, mtimeMs, ctimeMs].join(':');
}

/** The compiled templates of a folder, each read anew once it, what it includes or its helpers file has changed. */
export class TemplateCache {
  readonly #dir: string;
  readonly #engine: TemplateEngine;
  readonly #kept = new Map<string, Kept>();

  constructor(dir: string, engine: TemplateEngine) {
    this.#dir = dir;
    this.#engine = engine;
  }

  /** Rejects with a StageError `render`, not retryable: `no-template`, `bad-template`, `bad-helpers`. */
  async get({ src, helpers }: Pick<TemplateResource, 'src' | 'helpers'>): Promise<LoadedTemplate> {
    const key = JSON.stringify([src, helpers]);
    const kept = this.#kept.get(key);
    if (kept && (await isSame(kept.stamps))) return kept;
    const loaded = await this.#load(src, helpers);
    this.#kept.set(key, loaded);
    return loaded;
  }

  async #load(src: string, helpers: string | null): Promise<Kept> {
    const stamps = new Map<string, string>();
    const text = await this.#read(src, [''], stamps);
    const partials = new Map<string, string>();
    const own = helpers === null ? {} : await this.#functionsOf(helpers, stamps);
    try {
      const wanted = [...this.#engine.includes(src, text)];
      for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
        if (partials.has(name)) continue;
        const partial = await this.#read(name, EXTENSIONS, stamps);
        partials.set(name, partial);
        wanted.push(...this.#engine.includes(name, partial));
      }
      const names = new Set([...FUNCTIONS, ...Object.keys(own)]);
      return { template: this.#engine.compile({ name: src, text, partials }, names), own, stamps };
    } catch (error) {
      throw error instanceof StageError ? error : unusable('bad-template', messageOf(error), error);
    }
  }

  async #read(name: string, extensions: readonly string[], stamps: Map<string, string>): Promise<string> {
    for (const extension of extensions) {
      const path = join(this.#dir, name + extension);
      try {
        stamps.set(path, await stampOf(path));
        return await readFile(path, 'utf8');
      } catch (error) {
        stamps.delete(path);
        if (errnoOf(error) !== 'ENOENT') throw unusable('no-template', `${path}: ${messageOf(error)}`, error);
      }
    }
    throw unusable('no-template', `Missing template: ${join(this.#dir, name)}`);
  }

  async #functionsOf(name: string, stamps: Map<string, string>): Promise<FunctionTable> {
    const path = join(this.#dir, name);
    try {
      const stamp = await stampOf(path);
      stamps.set(path, stamp);
      // Another address for another text: modules are remembered by it.
      const module: unknown = await import(`${pathToFileURL(path).href}?${encodeURIComponent(stamp)}`);
      const exported = Object.entries(module as Readonly<Record<string, unknown>>);
      return Object.fromEntries(
        exported.filter((entry): entry is [string, TemplateFunction] => typeof entry[1] === 'function'),
      );
    } catch (error) {
      throw unusable('bad-helpers', `${path}: ${messageOf(error)}`, error);
    }
  }
}

async function isSame(stamps: ReadonlyMap<string, string>): Promise<boolean> {
  const now = await Promise.all(
    [...stamps].map(async ([path, stamp]) => (await stampOf(path).catch(() => '')) === stamp),
  );
  return now.every(Boolean);
}
