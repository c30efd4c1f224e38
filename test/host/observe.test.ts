import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLive } from '../../src/host/observe.ts';
import { digestsOfTexts } from '../../src/render/bundle.ts';
import { bundleOf } from '../support/bundle.ts';
import { temporaryFolder } from '../support/folder.ts';

const NAMES = ['bird.cfg', 'bird_aggr.cfg'];
const TEXTS = { 'bird.cfg': 'router id 1.2.3.4;\n', 'bird_aggr.cfg': '# ä\nfunction f() { }\n' };

async function outputOf(texts: Readonly<Record<string, string>>): Promise<string> {
  const output = await temporaryFolder();
  for (const [name, text] of Object.entries(texts)) await writeFile(join(output, name), text);
  return output;
}
const bare = ({ bytes, statements }: ReturnType<typeof bundleOf>) => ({ bytes, statements });

/** What a pass compares with a bundle. */
async function digestsAt(output: string) {
  const live = await readLive(output, NAMES);
  return live && digestsOfTexts(live);
}

describe('readLive', () => {
  it('gives the digests of the bundle that lies there', async () => {
    expect(await digestsAt(await outputOf(TEXTS))).toEqual(bare(bundleOf(TEXTS)));
  });

  it('tells another layout from other statements', async () => {
    const wanted = bundleOf(TEXTS);
    const spaced = await digestsAt(await outputOf({ ...TEXTS, 'bird.cfg': 'router  id 1.2.3.4;\n' }));
    expect(spaced?.statements).toBe(wanted.statements);
    expect(spaced?.bytes).not.toBe(wanted.bytes);
    const other = await digestsAt(await outputOf({ ...TEXTS, 'bird.cfg': 'router id 1.2.3.5;\n' }));
    expect(other?.statements).not.toBe(wanted.statements);
  });

  it('is null where a file is missing, or the folder', async () => {
    const output = await outputOf(TEXTS);
    await rm(join(output, 'bird_aggr.cfg'));
    expect(await digestsAt(output)).toBeNull();
    expect(await digestsAt(join(output, 'none'))).toBeNull();
  });

  it('counts a symlink as missing, also one that leads to the right text', async () => {
    const output = await outputOf(TEXTS);
    await rename(join(output, 'bird.cfg'), join(output, 'elsewhere'));
    await symlink('elsewhere', join(output, 'bird.cfg'));
    expect(await digestsAt(output)).toBeNull();
  });

  it('counts a folder and a pipe as missing, and does not wait for the latter', async () => {
    const output = await outputOf(TEXTS);
    await rm(join(output, 'bird.cfg'));
    await mkdir(join(output, 'bird.cfg'));
    expect(await digestsAt(output)).toBeNull();
    await rm(join(output, 'bird_aggr.cfg'));
    execFileSync('mkfifo', [join(output, 'bird_aggr.cfg')]);
    expect(await readLive(output, ['bird_aggr.cfg'])).toBeNull();
  });

  it('says so when a file cannot be read', async () => {
    const long = 'x'.repeat(300);
    await expect(readLive(await temporaryFolder(), [long])).rejects.toMatchObject({ stage: 'commit', code: 'io' });
  });
});
