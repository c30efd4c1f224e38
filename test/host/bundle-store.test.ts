import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/core/digest.ts';
import { BundleStore } from '../../src/host/bundle-store.ts';
import { bundleOf } from '../support/bundle.ts';
import { temporaryFolder } from '../support/folder.ts';

const BUNDLE = bundleOf({ 'bird.cfg': 'include "bird_aggr.cfg";\n', 'bird_aggr.cfg': '# ä\n' });
const STORED = { id: BUNDLE.bytes, files: BUNDLE.files };
const NAMES = ['bird.cfg', 'bird_aggr.cfg'];

describe('the kept bundles', () => {
  it('lie complete where only their own user reads them', async () => {
    const dir = join(await temporaryFolder(), 'state', 'bird');
    const store = new BundleStore(dir);
    const folder = await store.put(STORED);
    expect((await readdir(folder)).sort()).toEqual(NAMES);
    expect(await readFile(join(folder, 'bird_aggr.cfg'), 'utf8')).toBe('# ä\n');
    for (const path of [dir, folder]) expect((await stat(path)).mode & 0o777).toBe(0o700);
    for (const name of NAMES) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    expect(await store.get(BUNDLE.bytes, NAMES)).toEqual(BUNDLE.files.map(({ name, text }) => ({ name, text })));
  });

  it('are not written twice, but again where they were damaged', async () => {
    const store = new BundleStore(await temporaryFolder());
    const folder = await store.put(STORED);
    const { ino } = await stat(folder);
    await store.put(STORED);
    expect((await stat(folder)).ino).toBe(ino);
    await writeFile(join(folder, 'bird.cfg'), '');
    expect(await store.get(BUNDLE.bytes, NAMES)).toBeNull();
    await store.put(STORED);
    expect(await store.get(BUNDLE.bytes, NAMES)).not.toBeNull();
  });

  it('go when nothing refers to them, and so does what a crash left', async () => {
    const dir = await temporaryFolder();
    const store = new BundleStore(dir);
    const other = bundleOf({ 'bird.cfg': 'other' });
    await store.put(STORED);
    await store.put({ id: other.bytes, files: other.files });
    await mkdir(join(dir, 'new-abc'));
    await store.keepOnly([other.bytes, digestOf('never put')]);
    expect(await readdir(dir)).toEqual([other.bytes]);
  });

  it('say why they cannot be kept, and leave nothing behind', async () => {
    const dir = await temporaryFolder();
    const store = new BundleStore(dir);
    const files = [{ name: 'no/such/folder', text: '' }];
    await expect(store.put({ id: digestOf('x'), files })).rejects.toMatchObject({ stage: 'commit', code: 'io' });
    expect(await readdir(dir)).toEqual([]);
    await writeFile(join(dir, 'file'), '');
    await expect(new BundleStore(join(dir, 'file')).put(STORED)).rejects.toMatchObject({ stage: 'commit' });
  });
});
