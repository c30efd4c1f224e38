import { execFileSync } from 'node:child_process';
import { watch } from 'node:fs';
import { link, lstat, mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commitFiles } from '../../src/host/commit.ts';
import type { Bundle } from '../../src/render/bundle.ts';
import { bundleOf } from '../support/bundle.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/folder.ts';

const OURS = '# birdconfd 0.1.0\n';
const bundle = (mark: string) =>
  bundleOf({
    'bird.cfg': `${OURS}${mark} 0\n`,
    'bird_aggr.cfg': `${OURS}${mark} 1\n`,
    'bird_ipam.cfg': `${OURS}${mark} 2\n`,
  });

interface Options {
  readonly mode?: number;
  readonly uid?: number | null;
  readonly gid?: number | null;
}
async function commit(what: Bundle, output: string, { mode = 0o640, uid = null, gid = null }: Options = {}) {
  await commitFiles(what.files, { output, mode, uid, gid });
}
/** Everything in a folder, hidden files too: name → text, or where a symlink leads. */
async function contents(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(dir)).sort();
  const texts = names.map(async (name) => {
    const path = join(dir, name);
    const stats = await lstat(path);
    if (stats.isDirectory()) return [name, 'a folder'] as const;
    return [name, stats.isSymbolicLink() ? `-> ${await readlink(path)}` : await readFile(path, 'utf8')] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}
const textsOf = (what: Bundle) => Object.fromEntries(what.files.map((file) => [file.name, file.text]));
/** A file that even root can neither rename over nor link to, until the test has finished. */
function makeImmutable(path: string): void {
  execFileSync('chattr', ['+i', path]);
  onTestFinished(() => void execFileSync('chattr', ['-i', path]));
}

describe('commitFiles', () => {
  it('puts the files in place, with mode and owner, into a folder that it makes', async () => {
    const before = process.umask(0o077);
    onTestFinished(() => void process.umask(before));
    const output = join(await temporaryFolder(), 'calico', 'config');
    await commit(bundle('a'), output, { uid: 65534, gid: 12345 });
    expect(await contents(output)).toEqual(textsOf(bundle('a')));
    for (const dir of [output, join(output, '..')]) expect((await stat(dir)).mode & 0o777).toBe(0o755);
    for (const file of bundle('a').files) {
      const { mode, uid, gid } = await stat(join(output, file.name));
      expect({ mode: mode & 0o777, uid, gid }).toEqual({ mode: 0o640, uid: 65534, gid: 12345 });
    }
  });

  it('replaces the files of the last commit and leaves only those of this one', async () => {
    const output = await temporaryFolder();
    await commit(bundle('a'), output, { gid: 12345 });
    await commit(bundle('b'), output, { mode: 0o600 });
    expect(await contents(output)).toEqual(textsOf(bundle('b')));
    const { mode, gid } = await stat(join(output, 'bird.cfg'));
    expect({ mode: mode & 0o777, gid }).toEqual({ mode: 0o600, gid: 0 });
  });

  it('never writes into a file: who has it open reads on what it was', async () => {
    const output = await temporaryFolder();
    await commit(bundle('a'), output);
    await link(join(output, 'bird.cfg'), join(output, 'held'));
    await commit(bundle('b'), output);
    expect(await readFile(join(output, 'held'), 'utf8')).toBe(`${OURS}a 0\n`);
  });

  it('replaces a symlink and leaves alone what it leads to', async () => {
    const output = await temporaryFolder();
    const target = join(await temporaryFolder(), 'target');
    await writeFile(target, 'theirs\n');
    await symlink(target, join(output, 'bird.cfg'));
    await commit(bundle('a'), output);
    expect(await contents(output)).toEqual({ ...textsOf(bundle('a')), 'bird.cfg.before-birdconfd': `-> ${target}` });
    expect(await readFile(target, 'utf8')).toBe('theirs\n');
  });

  it('is not led astray by what lies under its own temporary names', async () => {
    const output = await temporaryFolder();
    const target = join(await temporaryFolder(), 'target');
    await writeFile(target, 'theirs\n');
    await symlink(target, join(output, '.bird.cfg.birdconfd-new'));
    await symlink(target, join(output, '.bird.cfg.birdconfd-previous'));
    await commit(bundle('a'), output);
    expect(await contents(output)).toEqual(textsOf(bundle('a')));
    // A symlink among the files cannot be kept over what a crash left there.
    await rm(join(output, 'bird.cfg'));
    await symlink(target, join(output, 'bird.cfg'));
    await writeFile(join(output, '.bird.cfg.birdconfd-previous'), '');
    await commit(bundle('b'), output);
    expect(await readFile(join(output, 'bird.cfg'), 'utf8')).toBe(`${OURS}b 0\n`);
    expect(await readFile(target, 'utf8')).toBe('theirs\n');
  });

  it('puts the file that the daemon is pointed at in its place last', async () => {
    const output = await temporaryFolder();
    const seen: string[] = [];
    const watcher = watch(output, (_, name) => {
      if (name?.startsWith('bird') && !seen.includes(name)) seen.push(name);
    });
    onTestFinished(() => watcher.close());
    await commit(bundle('a'), output);
    await eventually(() => expect(seen).toEqual(['bird_aggr.cfg', 'bird_ipam.cfg', 'bird.cfg']));
  });
});

describe('a file that another hand wrote', () => {
  it('is kept with its mode and owner, once', async () => {
    const output = await temporaryFolder();
    await writeFile(join(output, 'bird.cfg'), 'router id 1.2.3.4;\n', { mode: 0o604 });
    const before = await stat(join(output, 'bird.cfg'));
    await commit(bundle('a'), output);
    const kept = join(output, 'bird.cfg.before-birdconfd');
    expect(await contents(output)).toEqual({
      ...textsOf(bundle('a')),
      'bird.cfg.before-birdconfd': 'router id 1.2.3.4;\n',
    });
    expect(await stat(kept)).toMatchObject({ mode: before.mode, uid: before.uid, gid: before.gid });
    await writeFile(join(output, 'bird.cfg'), 'router id 9.9.9.9;\n');
    await commit(bundle('b'), output);
    expect(await readFile(kept, 'utf8')).toBe('router id 1.2.3.4;\n');
  });

  it.each([
    ['ours', `${OURS}router id 1.2.3.4;\n`],
    ["confd's", '# Generated by confd\nrouter id 1.2.3.4;\n'],
    ['empty', ''],
  ])('is not what is %s', async (_, text) => {
    const output = await temporaryFolder();
    await writeFile(join(output, 'bird.cfg'), text);
    await commit(bundle('a'), output);
    expect(await contents(output)).toEqual(textsOf(bundle('a')));
  });

  it('is one whose first line says nothing of us, whatever follows', async () => {
    const output = await temporaryFolder();
    await writeFile(join(output, 'bird.cfg'), `router id 1.2.3.4;\n${OURS}`);
    await commit(bundle('a'), output);
    expect(await readdir(output)).toContain('bird.cfg.before-birdconfd');
  });

  it('is kept also where it cannot be given a second name', async () => {
    const output = await temporaryFolder();
    const path = join(output, 'bird.cfg');
    await writeFile(path, 'router id 1.2.3.4;\n', { mode: 0o604 });
    makeImmutable(path);
    await expect(commit(bundle('a'), output)).rejects.toMatchObject({ stage: 'commit', code: 'denied' });
    const kept = `${path}.before-birdconfd`;
    expect(await contents(output)).toEqual({
      'bird.cfg': 'router id 1.2.3.4;\n',
      'bird.cfg.before-birdconfd': 'router id 1.2.3.4;\n',
    });
    expect((await stat(kept)).mode).toBe((await stat(path)).mode);
  });
});

describe('a commit that fails', () => {
  it('changes nothing when a folder lies in the way', async () => {
    const output = await temporaryFolder();
    await commit(bundle('a'), output);
    await rm(join(output, 'bird_ipam.cfg'));
    await mkdir(join(output, 'bird_ipam.cfg'));
    const before = await contents(output);
    await expect(commit(bundle('b'), output)).rejects.toMatchObject({ stage: 'commit', code: 'io', retryable: true });
    expect(await contents(output)).toEqual(before);
  });

  it('puts back what it had replaced when a later file cannot be', async () => {
    const output = await temporaryFolder();
    await commit(bundle('a'), output, { gid: 12345 });
    // The order is bird_aggr, bird_ipam, bird.cfg: two files are in place when the last one fails.
    makeImmutable(join(output, 'bird.cfg'));
    const before = await stat(join(output, 'bird_aggr.cfg'));
    await expect(commit(bundle('b'), output)).rejects.toMatchObject({ code: 'denied', retryable: true });
    expect(await contents(output)).toEqual(textsOf(bundle('a')));
    expect(await stat(join(output, 'bird_aggr.cfg'))).toMatchObject({ ino: before.ino, mode: before.mode, gid: 12345 });
  });

  it('removes again what was not there before', async () => {
    const output = await temporaryFolder();
    await writeFile(join(output, 'bird.cfg'), OURS);
    makeImmutable(join(output, 'bird.cfg'));
    await expect(commit(bundle('b'), output)).rejects.toMatchObject({ code: 'denied' });
    expect(await contents(output)).toEqual({ 'bird.cfg': OURS });
  });

  it('tells a full disk from a read-only one', async () => {
    const mount = async (options: string) => {
      const dir = await temporaryFolder();
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'birdconfd-test', dir]);
      onTestFinished(() => void execFileSync('umount', [dir]));
      return dir;
    };
    const small = await mount('size=16k');
    const large = bundleOf({ 'bird.cfg': `${OURS}${'x'.repeat(20_000)}`, 'bird_aggr.cfg': OURS });
    await expect(commit(large, small)).rejects.toMatchObject({ code: 'no-space', retryable: true });
    expect(await contents(small)).toEqual({});
    await expect(commit(bundle('a'), await mount('ro'))).rejects.toMatchObject({ code: 'read-only', retryable: true });
  });
});
