import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NamedText } from '../core/named-text.ts';
import { byBytes } from '../core/order.ts';

const isOut = (name: string): boolean => /^out(\.\d\d)?$/.test(name);

/** The goldens of a case on disk, read file by file, and what a run puts beside or in place of them. Paths are below the case's folder. */
export class GoldenFiles {
  readonly #dir: string;
  readonly #byFolder = new Map<string, string[]>();
  readonly #written: string[] = [];

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Finds the goldens, and removes what a failed run left. */
  static async open(dir: string): Promise<GoldenFiles> {
    const files = new GoldenFiles(dir);
    const names = readdirSync(dir);
    if (names.includes('out.actual')) await rm(join(dir, 'out.actual'), { recursive: true, force: true });
    for (const out of names.filter(isOut)) {
      for (const entry of readdirSync(join(dir, out), { recursive: true, withFileTypes: true })) {
        if (entry.isDirectory()) continue;
        const folder = entry.parentPath.slice(dir.length + 1);
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

  /** The goldens of one folder, null where there are none. Waits for the disk: hundreds of small files take several times as long one by one in the background. */
  read(folder: string): readonly NamedText[] | null {
    const names = this.#byFolder.get(folder);
    return names?.map((name) => ({ name, text: readFileSync(join(this.#dir, folder, name), 'utf8') })) ?? null;
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
    for (const path of this.#written) {
      await mkdir(dirname(join(this.#dir, path)), { recursive: true });
      await rename(join(this.#dir, 'out.actual', path), join(this.#dir, path));
    }
    await rm(join(this.#dir, 'out.actual'), { recursive: true, force: true });
    for (const path of obsolete) await this.#removeEmpty(dirname(path));
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
