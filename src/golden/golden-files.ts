import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const isOut = (name: string): boolean => /^out(\.\d\d)?$/.test(name);

/** The goldens of a case: path below the case folder → text. */
export async function readGoldens(dir: string): Promise<ReadonlyMap<string, string>> {
  const goldens = new Map<string, string>();
  for (const out of (await readdir(dir)).filter(isOut)) {
    for (const entry of await readdir(join(dir, out), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      goldens.set(path.slice(dir.length + 1), await readFile(path, 'utf8'));
    }
  }
  return goldens;
}

/** Makes the goldens of a case these files and no others. */
export async function writeGoldens(dir: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const out of (await readdir(dir)).filter(isOut)) await rm(join(dir, out), { recursive: true });
  await write(dir, files);
}

/** Puts what a failing case gave beside its goldens, under out.actual/; with no files, removes it. */
export async function writeActual(dir: string, files: ReadonlyMap<string, string>): Promise<void> {
  await rm(join(dir, 'out.actual'), { recursive: true, force: true });
  await write(join(dir, 'out.actual'), files);
}

async function write(dir: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of files) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}
