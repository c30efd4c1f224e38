import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stageFiles } from '../../src/host/commit.ts';
import { LiveFolder, readLive } from '../../src/host/observe.ts';
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

describe('LiveFolder', () => {
  const NAME = 'bird.cfg';
  const OURS = { mode: 0o640, uid: null, gid: null };
  const put = async (folder: LiveFolder, output: string, text: string) => {
    const { made, commit } = await stageFiles([{ name: NAME, text }], { output, ...OURS });
    await commit();
    folder.wrote(made, 0);
  };
  const textAt = async (folder: LiveFolder, now: number) => (await folder.read([NAME], now))?.[0]?.text;

  it('takes what was put there for what lies there, until another file does', async () => {
    const output = await temporaryFolder();
    const folder = new LiveFolder(output);
    await put(folder, output, 'a;\n');
    expect(await textAt(folder, 1)).toBe('a;\n');
    await writeFile(join(output, 'new'), 'b;\n');
    await rename(join(output, 'new'), join(output, NAME));
    expect(await textAt(folder, 1)).toBe('b;\n');
    await rm(join(output, NAME));
    expect(await textAt(folder, 1)).toBeUndefined();
  });

  it('sees a file of the same size that was written over in place, by its times', async () => {
    const output = await temporaryFolder();
    const folder = new LiveFolder(output);
    await put(folder, output, 'a;\n');
    await writeFile(join(output, NAME), 'b;\n');
    await utimes(join(output, NAME), 1, 1);
    expect(await textAt(folder, 1)).toBe('b;\n');
  });

  it('does not take for its own what another put in its place before it was noted', async () => {
    const output = await temporaryFolder();
    const folder = new LiveFolder(output);
    const { made, commit } = await stageFiles([{ name: NAME, text: 'a;\n' }], { output, ...OURS });
    await commit();
    await writeFile(join(output, 'new'), 'b;\n');
    await rename(join(output, 'new'), join(output, NAME));
    folder.wrote(made, 0);
    expect(await textAt(folder, 1)).toBe('b;\n');
  });

  it('reads again after a minute, whatever the times of the file say', async () => {
    const output = await temporaryFolder();
    const folder = new LiveFolder(output);
    await put(folder, output, 'a;\n');
    // As if somebody had written in the same moment: noted is another text than the one that lies there.
    folder.wrote([{ name: NAME, text: 'b;\n', ino: statSync(join(output, NAME), { bigint: true }).ino }], 0);
    expect([await textAt(folder, 59_999), await textAt(folder, 60_000)]).toEqual(['b;\n', 'a;\n']);
    expect(await readFile(join(output, NAME), 'utf8')).toBe('a;\n');
  });
});
