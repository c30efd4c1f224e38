import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { testVerb } from '../../src/cli/test.ts';
import { UsageError } from '../../src/core/errors.ts';
import { compareOutput } from '../../src/golden/compare-output.ts';
import { failureLines } from '../../src/golden/describe.ts';
import { Templates } from '../../src/golden/templates.ts';
import { type TestOptions, testCase } from '../../src/golden/test-case.ts';
import { temporaryFolder } from '../support/folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TEMPLATES = join(root, 'templates');
const BIRD = 'out/worker-1/1.6-single/bird.conf';

/** A copy of a fixture that a test may spoil. */
async function copyOf(fixture: string): Promise<string> {
  const dir = join(await temporaryFolder(), 'case');
  await cp(join(root, 'fixtures', fixture), dir, { recursive: true });
  return dir;
}

const run = (dir: string, options: Partial<TestOptions> = {}) =>
  testCase(dir, {
    templates: new Templates(TEMPLATES),
    check: false,
    converge: false,
    update: false,
    details: 'differences',
    name: 'case',
    ...options,
  });

const lines = async (...given: Parameters<typeof run>) => failureLines(await run(...given));

async function edit(path: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(path, 'utf8');
  const after = change(before);
  expect(after, `nothing to change in ${path}`).not.toBe(before);
  await writeFile(path, after);
}

/** All files below a folder but those of a failed run, path → text. */
async function filesIn(dir: string): Promise<Record<string, string>> {
  const entries = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1)).sort();
  const kept = paths.filter((path) => !path.startsWith('out.actual'));
  return Object.fromEntries(
    await Promise.all(kept.map(async (path) => [path, await readFile(join(dir, path), 'utf8')])),
  );
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('a case', () => {
  it('passes as it is, and leaves nothing behind', async () => {
    const dir = await copyOf('steps/peer-removed');
    const before = await filesIn(dir);
    expect(await run(dir)).toMatchObject({ status: 'passed', faults: [] });
    expect(await filesIn(dir)).toEqual(before);
  });

  it('fails when a statement of a golden is gone, names it, and keeps what came out until it passes again', async () => {
    const dir = await copyOf('peers/precedence');
    const golden = await readFile(join(dir, BIRD), 'utf8');
    await edit(join(dir, BIRD), (text) => text.replace('  passive on;\n', ''));
    expect(await lines(dir)).toEqual(['case › worker-1 (1.6, single): session Mesh_192_0_2_2 restarts (passive on)']);
    const { outputs } = await run(dir);
    expect(outputs[0]?.files.find(({ path }) => path === BIRD)?.statements).toMatchObject([
      { within: ['protocol bgp Mesh_192_0_2_2 from bgp_template'], before: null, after: 'passive on;' },
    ]);
    expect(await readFile(join(dir, 'out.actual', BIRD), 'utf8')).toBe(golden);
    await writeFile(join(dir, BIRD), golden);
    expect(await lines(dir)).toEqual([]);
    expect(await readdir(dir)).not.toContain('out.actual');
  });

  it('fails when any one line of a golden is gone, and names every statement', async () => {
    const golden = await readFile(join(root, 'fixtures/configuration/kitchen-sink', BIRD), 'utf8');
    const all = golden.split('\n').slice(0, -1);
    const squeeze = (text: string) => text.replace(/[\s`]/g, '');
    const place = { step: 'in.yaml', out: 'out', node: 'n', bird: '1.6', layout: 'single', folder: 'f' };
    for (const [i, line] of all.entries()) {
      const name = 'bird.conf';
      const spoilt = [{ name, text: `${all.toSpliced(i, 1).join('\n')}\n` }];
      const { status, files } = compareOutput(place, spoilt, [{ name, text: golden }], 'differences');
      expect(status, line).toBe('failed');
      const statements = files[0]?.statements ?? [];
      const isSilent = line === '' || line.startsWith('#');
      expect(statements.length > 0, line).toBe(!isSilent);
      const isStatement = /;$/.test(line) && !/[{}]/.test(line);
      if (isStatement) expect(squeeze(statements.map(({ after }) => after).join(' ')), line).toContain(squeeze(line));
    }
    expect(all.length).toBeGreaterThan(100);
  });

  it('tells a change of comments or layout from one of statements', async () => {
    const dir = await copyOf('mesh/alone');
    await edit(join(dir, BIRD), (text) => text.replace('\nrouter id', '\n# here\nrouter   id'));
    expect(await lines(dir)).toEqual([
      'case › worker-1 (1.6, single): only comments or layout differ: BIRD reads the same',
    ]);
  });

  it('compares the diagnostics too', async () => {
    const dir = await copyOf('pools/duplicates');
    await edit(join(dir, 'out/worker-1/diagnostics.yaml'), (text) => text.replace('duplicate-pool', 'other'));
    const [line] = await lines(dir);
    expect(line).toMatch(
      /^case › worker-1: diagnostics: now told: \w+ duplicate-pool \S+; no longer told: \w+ other \S+$/,
    );
  });

  it('fails when the file sets differ, before contents are looked at', async () => {
    const dir = await copyOf('mesh/alone');
    await rm(join(dir, BIRD));
    await writeFile(join(dir, 'out/worker-1/1.6-single/bird_aggr.cfg'), '');
    await mkdir(join(dir, 'out.02'));
    await writeFile(join(dir, 'out.02/bird.conf'), '');
    await edit(join(dir, 'out/worker-1/1.6-single/bird6.conf'), () => '');
    const files = (await run(dir)).outputs.flatMap((output) => output.files);
    expect(files.map(({ status, path }) => `${status} ${path}`)).toEqual([
      `new ${BIRD}`,
      'failed out/worker-1/1.6-single/bird6.conf',
      'obsolete out/worker-1/1.6-single/bird_aggr.cfg',
      'obsolete out.02/bird.conf',
    ]);
  });

  it('fails when the exit code is another than it expects, also while updating', async () => {
    const dir = await copyOf('peers/incomplete');
    await edit(join(dir, 'in.yaml'), (text) => text.replace('expect: {exit: 3}\n', ''));
    const fault = { kind: 'exit', path: 'in.yaml', message: 'expected exit 0, found 3' };
    expect(await run(dir)).toMatchObject({ status: 'failed', faults: [fault] });
    expect(await run(dir, { update: true })).toMatchObject({ status: 'failed', faults: [fault] });
  });

  it('fails when BIRD refuses what is rendered, with its line, and such a file becomes no golden', async () => {
    const dir = await copyOf('mesh/alone');
    const before = await filesIn(dir);
    const templates = join(await temporaryFolder(), 'templates');
    await cp(TEMPLATES, templates, { recursive: true });
    await edit(join(templates, 'bird1/bird.hbs'), (text) => text.replace('persist;', 'persists;'));
    const refused = { kind: 'refused', path: BIRD, message: expect.stringMatching(/bird\.conf:9:\d+ syntax error/) };
    for (const update of [false, true]) {
      const { faults, status } = await run(dir, { templates: new Templates(templates), check: true, update });
      expect(faults).toContainEqual(refused);
      expect(status).toBe('failed');
    }
    expect(await filesIn(dir)).toEqual(before);
  });
});

describe('a case whose files are no such files', () => {
  it.each<[string, string, (dir: string) => Promise<unknown>]>([
    [
      'a folder for in.yaml',
      'in.yaml: EISDIR',
      (dir) => rm(join(dir, 'in.yaml')).then(() => mkdir(join(dir, 'in.yaml'))),
    ],
    ['a folder in live/', 'sub: EISDIR', (dir) => mkdir(join(dir, 'live/sub'), { recursive: true })],
    [
      'a file for out/',
      'out: expected a folder',
      (dir) => rm(join(dir, 'out'), { recursive: true }).then(() => writeFile(join(dir, 'out'), '')),
    ],
    [
      'a golden that is a link',
      `${BIRD}: a golden is a file`,
      (dir) => rm(join(dir, BIRD)).then(() => symlink('/etc/hostname', join(dir, BIRD))),
    ],
    [
      'a document that cannot be read',
      'in.yaml: line 4, column 1',
      (dir) => writeFile(join(dir, 'in.yaml'), 'kind: Case\n---\n- [\n'),
    ],
  ])('is broken with %s, and is told apart from what differs', async (_, message, spoil) => {
    const dir = await copyOf('mesh/alone');
    await spoil(dir);
    for (const update of [false, true]) {
      const { status, faults } = await run(dir, { update });
      expect([status, faults]).toMatchObject([
        'failed',
        [{ kind: 'broken', message: expect.stringContaining(message) }],
      ]);
    }
  });

  it('writes and removes nothing behind a link', async () => {
    const dir = await copyOf('mesh/alone');
    const elsewhere = await temporaryFolder();
    await writeFile(join(elsewhere, 'precious.conf'), 'precious');
    await rm(join(dir, 'out'), { recursive: true });
    await symlink(elsewhere, join(dir, 'out'));
    expect((await run(dir, { update: true })).faults).toMatchObject([{ kind: 'broken' }]);
    expect(await filesIn(elsewhere)).toEqual({ 'precious.conf': 'precious' });
  });

  it('stops no other case, and points nowhere for what it gave', async () => {
    const dir = await temporaryFolder();
    for (const name of ['a', 'b']) await cp(join(root, 'fixtures/mesh/alone'), join(dir, name), { recursive: true });
    await writeFile(join(dir, 'a/in.yaml'), 'kind: Case\nnodez: all\n');
    const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    expect(await testVerb({ dir, flags: { check: 'none' }, ci: true, colour: false })).toBe(1);
    const text = said.mock.calls.map(([written]) => String(written)).join('');
    expect(text).toContain('1 failed | 1 passed (2)');
    expect(text).toContain('Case/nodez is not known');
    expect(text).not.toContain('out.actual');
  });
});

describe('--update', () => {
  it('puts a golden where a folder of others was', async () => {
    const dir = await copyOf('mesh/alone');
    const before = await filesIn(dir);
    await rm(join(dir, BIRD));
    await mkdir(join(dir, BIRD));
    await writeFile(join(dir, BIRD, 'other.conf'), 'obsolete');
    expect(await run(dir, { update: true })).toMatchObject({ status: 'updated' });
    expect(await filesIn(dir)).toEqual(before);
  });

  it('says all about a case that it does not accept', async () => {
    const dir = await copyOf('mesh/alone');
    await edit(join(dir, 'in.yaml'), (text) => text.replace('kind: Case', 'kind: Case\nexpect: {exit: 3}'));
    await edit(join(dir, BIRD), (text) => text.replace('scan time 2;', 'scan time 3;'));
    const found = await lines(dir, { update: true, details: 'names' });
    expect(found.join()).toContain('expected exit 3');
    expect(found.join()).toContain('kernel1 restarts');
    expect(await readdir(dir)).toContain('out.actual');
  });

  it('writes what comes out, removes what does not any more, and changes nothing the second time', async () => {
    const dir = await copyOf('steps/peer-removed');
    const before = await filesIn(dir);
    await rm(join(dir, 'out.03'), { recursive: true });
    await edit(join(dir, BIRD), () => 'spoilt');
    for (const obsolete of ['out', 'out.09/worker-1/1.6-single']) {
      await mkdir(join(dir, obsolete), { recursive: true });
      await writeFile(join(dir, obsolete, 'bird7.conf'), 'obsolete');
    }
    await run(dir);
    expect(await readdir(dir)).toContain('out.actual');
    expect(await run(dir, { update: true })).toMatchObject({ status: 'updated', faults: [] });
    expect(await filesIn(dir)).toEqual(before);
    expect(await readdir(dir)).not.toContain('out.actual');
    expect(await readdir(dir)).not.toContain('out.09');
    expect(await run(dir, { update: true })).toMatchObject({ status: 'passed' });
  });

  it('is refused where CI is set, and nothing is touched', async () => {
    const dir = await copyOf('mesh/alone');
    await edit(join(dir, BIRD), () => 'spoilt');
    const before = await filesIn(dir);
    const flags = { update: true, check: 'none' };
    await expect(testVerb({ dir, flags, ci: true, colour: false })).rejects.toThrow(UsageError);
    vi.stubEnv('CI', 'true');
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await runProgram(['test', dir, '--update', '--check', 'none'])).toBe(1);
    expect(said).toHaveBeenCalledWith(expect.stringContaining('--update is refused where CI is set'));
    expect(await filesIn(dir)).toEqual(before);
  });
});
