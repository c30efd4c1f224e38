import { readdirSync } from 'node:fs';
import { mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import type { NamedText } from '../core/named-text.ts';
import { byBytes } from '../core/order.ts';
import { readText } from './read-text.ts';

const isOut = (name: string): boolean => /^out(\.\d\d)?$/.test(name);

/** The goldens of a case on disk, read file by file, and what a run puts beside or in place of them. Paths are below the case's folder. */
export class GoldenFiles {
  readonly #dir: string;
  readonly #byFolder = new Map<string, string[]>();
  readonly #written: string[] = [];

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Finds the goldens, and removes what a failed run left. Rejects with a UsageError where one is a link, or lies behind one: to accept
   * would write and remove files elsewhere.
   */
  static async open(dir: string): Promise<GoldenFiles> {
    const files = new GoldenFiles(dir);
    const entries = readdirSync(dir, { withFileTypes: true });
    if (entries.some(({ name }) => name === 'out.actual'))
      await rm(join(dir, 'out.actual'), { recursive: true, force: true });
    for (const out of entries.filter(({ name }) => isOut(name))) {
      if (!out.isDirectory()) throw new UsageError(`${out.name}: expected a folder of goldens`);
      for (const entry of readdirSync(join(dir, out.name), { recursive: true, withFileTypes: true })) {
        if (entry.isDirectory()) continue;
        const folder = entry.parentPath.slice(dir.length + 1);
        if (!entry.isFile()) throw new UsageError(`${folder}/${entry.name}: a golden is a file, and no link`);
        files.#byFolder.set(folder, [...(files.#byFolder.get(folder) ?? []), entry.name]);
      }
    }
    return files;
  }

  /** Every folder with goldens, sorted. */
  get folders(): readonly string[] {
    return [...this.#byFolder.keys()].sort(byBytes);
  }

  has(path: string): boolean {
    return this.#byFolder.get(dirname(path))?.includes(path.slice(dirname(path).length + 1)) ?? false;
  }

  /** The goldens of one folder, null where there are none. Throws as `readText` does. */
  read(folder: string): readonly NamedText[] | null {
    const names = this.#byFolder.get(folder);
    return names?.map((name) => ({ name, text: readText(join(this.#dir, folder, name)) })) ?? null;
  }

  /** Puts what came out under out.actual/, beside the goldens. */
  async keep(folder: string, files: readonly NamedText[]): Promise<void> {
    await mkdir(join(this.#dir, 'out.actual', folder), { recursive: true });
    for (const { name, text } of files) {
      await writeFile(join(this.#dir, 'out.actual', folder, name), text);
      this.#written.push(`${folder}/${name}`);
    }
  }

  /** Makes what was kept the goldens, and removes those at `obsolete`, with the folders that they leave empty. */
  async accept(obsolete: readonly string[]): Promise<void> {
    for (const path of obsolete) await rm(join(this.#dir, path));
    // First of all: an empty folder may have the name of a new golden.
    for (const path of obsolete) await this.#removeEmpty(dirname(path));
    for (const path of this.#written) {
      await mkdir(dirname(join(this.#dir, path)), { recursive: true });
      await rename(join(this.#dir, 'out.actual', path), join(this.#dir, path));
    }
    await rm(join(this.#dir, 'out.actual'), { recursive: true, force: true });
  }

  async #removeEmpty(folder: string): Promise<void> {
    for (let each = folder; each !== '.'; each = dirname(each)) {
      const isGone = await rmdir(join(this.#dir, each)).then(
        () => true,
        () => false,
      );
      if (!isGone) return;
    }
  }
}
