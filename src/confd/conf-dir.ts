import { join, relative } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Log } from '../core/log.ts';
import { byBytes } from '../core/order.ts';
import { FilesDatastore } from '../datastore/files.ts';
import { textReading } from '../datastore/text-reading.ts';
import type { ConfdSettings } from './confd-settings.ts';
import type { TemplateResource } from './resource.ts';
import { readTemplateResource, unparsable } from './template-resource.ts';

/** What conf.d says now. */
export interface ConfDirReading {
  readonly resources: readonly TemplateResource[];
  readonly diagnostics: readonly Diagnostic[];
  /** How many files there are, the faulty ones too. */
  readonly files: number;
}

/**
 * The folder of conf.d and templates. A file that turns invalid keeps the resource that it was before, in this process: one spelling
 * mistake stops nobody, itself included.
 */
export class ConfDir {
  readonly #settings: ConfdSettings;
  readonly #conf: FilesDatastore;
  readonly #templates: FilesDatastore;
  readonly #lastGood = new Map<string, TemplateResource>();

  constructor(settings: ConfdSettings, { log, clock, watch }: { log: Log; clock: Clock; watch: boolean }) {
    this.#settings = settings;
    const options = { log: (event: string, fields: object) => log('warn', event, { ...fields }), clock, watch };
    const [conf, templates] = [join(settings.confDir, 'conf.d'), this.templatesDir];
    // "toml" and not ".toml", as confd has it.
    this.#conf = new FilesDatastore([conf], { ...options, reading: textReading((name) => name.endsWith('toml')) });
    this.#templates = new FilesDatastore([templates], { ...options, reading: textReading(() => true) });
  }

  get templatesDir(): string {
    return join(this.#settings.confDir, 'templates');
  }

  /** Resolves once both folders were read. Rejects as a datastore does. */
  async start(onConf: () => void, onTemplates: () => void, signal: AbortSignal): Promise<void> {
    await this.#conf.start([''], onConf, signal);
    await this.#templates.start([''], onTemplates, signal);
  }

  /** Every resource, by the path of its file; those that cannot be read as they were before, or not at all. */
  async read(): Promise<ConfDirReading> {
    const { parse } = await import('smol-toml');
    const dir = join(this.#settings.confDir, 'conf.d');
    const files = [...this.#conf.snapshot().entries('')].sort(([a], [b]) => byBytes(a, b));
    const diagnostics: Diagnostic[] = [...this.#conf.snapshot().diagnostics];
    const resources: TemplateResource[] = [];
    const present = new Set(files.map(([file]) => file));
    for (const file of this.#lastGood.keys()) if (!present.has(file)) this.#lastGood.delete(file);
    for (const [file, { value: text }] of files) {
      const name = relative(dir, file).replace(/\.?toml$/, '');
      let resource: TemplateResource | null = null;
      try {
        const read = readTemplateResource(parse(text), { name, file }, this.#settings);
        diagnostics.push(...read.diagnostics);
        resource = read.resource;
      } catch (error) {
        diagnostics.push(unparsable(file, error));
      }
      if (resource) this.#lastGood.set(file, resource);
      const used = resource ?? this.#lastGood.get(file);
      if (used) resources.push(used);
    }
    return { resources, diagnostics, files: files.length };
  }

  async close(): Promise<void> {
    await Promise.all([this.#conf.close(), this.#templates.close()]);
  }
}
