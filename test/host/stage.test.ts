import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stageBundle, sweepStage } from '../../src/host/stage.ts';
import { bundleOf } from '../support/bundle.ts';
import { temporaryFolder } from '../support/folder.ts';

const BUNDLE = bundleOf({ 'bird.cfg': 'include "bird_aggr.cfg";\n', 'bird_aggr.cfg': '# ä\n' });

describe('stageBundle', () => {
  it('writes every file where only its own user reads it', async () => {
    const dir = join(await temporaryFolder(), 'state', 'bird');
    const staged = await stageBundle(BUNDLE, dir);
    expect(staged.bundle).toBe(BUNDLE);
    expect((await readdir(staged.dir)).sort()).toEqual(['bird.cfg', 'bird_aggr.cfg']);
    expect(await readFile(join(staged.dir, 'bird_aggr.cfg'), 'utf8')).toBe('# ä\n');
    for (const path of [dir, staged.dir]) expect((await stat(path)).mode & 0o777).toBe(0o700);
    for (const name of ['bird.cfg', 'bird_aggr.cfg']) {
      expect((await stat(join(staged.dir, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('keeps two bundles apart, and discards one without the other', async () => {
    const dir = await temporaryFolder();
    const [a, b] = await Promise.all([stageBundle(BUNDLE, dir), stageBundle(BUNDLE, dir)]);
    await a.discard();
    await a.discard();
    expect(await readdir(dir)).toHaveLength(1);
    expect(await readdir(b.dir)).toHaveLength(2);
  });

  it('says why it cannot, and leaves nothing behind', async () => {
    const dir = await temporaryFolder();
    const broken = bundleOf({ 'bird.cfg': '', 'no/such/folder': '' });
    await expect(stageBundle(broken, dir)).rejects.toMatchObject({ stage: 'commit', code: 'io', retryable: true });
    expect(await readdir(dir)).toEqual([]);
    await writeFile(join(dir, 'file'), '');
    await expect(stageBundle(BUNDLE, join(dir, 'file'))).rejects.toMatchObject({ stage: 'commit', code: 'io' });
  });
});

describe('sweepStage', () => {
  it('removes what a predecessor staged, and nothing else', async () => {
    const dir = await temporaryFolder();
    const elsewhere = await temporaryFolder();
    await writeFile(join(elsewhere, 'kept'), '');
    await stageBundle(BUNDLE, dir);
    await symlink(elsewhere, join(dir, 'stage-link'));
    await mkdir(join(dir, 'history'));
    await writeFile(join(dir, 'bird.json'), '{}');
    await sweepStage(dir);
    expect((await readdir(dir)).sort()).toEqual(['bird.json', 'history']);
    expect(await readdir(elsewhere)).toEqual(['kept']);
  });

  it('finds nothing to do in a folder that is not there', async () => {
    await expect(sweepStage(join(await temporaryFolder(), 'none'))).resolves.toBeUndefined();
  });
});
