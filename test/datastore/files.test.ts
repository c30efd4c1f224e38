import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { resourceKey, resourcePrefix } from '../../src/core/keys.ts';
import { FilesDatastore, type FilesOptions } from '../../src/datastore/files.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { temporaryFolder } from '../support/folder.ts';
import { datastoreContract } from './contract.ts';

const PEERS = resourcePrefix('BGPPeer');
const PREFIXES = [PEERS, 'k8s:/Service/'];

/** A BGPPeer as YAML, in four lines. */
const peer = (name: string, asNumber = 64512) =>
  `apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: ${name}}\nspec: {asNumber: ${asNumber}}\n`;

/** Writes beside the path and renames, as most editors and deployment tools do. */
async function replace(path: string, text: string): Promise<void> {
  const beside = join(path, `../.${path.split('/').at(-1)}.tmp`);
  await writeFile(beside, text);
  await rename(beside, path);
}

async function started(paths: readonly string[], options: Partial<FilesOptions> = {}) {
  const store = new FilesDatastore(paths, { log: () => undefined, ...options });
  onTestFinished(() => store.close());
  let calls = 0;
  await store.start(PREFIXES, () => calls++, new AbortController().signal);
  /** Name → AS number of every peer in the present snapshot. */
  const peers = () => {
    const entries = [...store.snapshot().entries(PEERS)];
    return Object.fromEntries(
      entries.map(([key, { value }]) => [key.slice(PEERS.length), JSON.parse(value).spec.asNumber]).sort(),
    );
  };
  const becomes = (expected: Record<string, number>) => eventually(() => expect(peers()).toEqual(expected));
  const codes = () => store.snapshot().diagnostics.map(({ code }) => code);
  return { store, peers, becomes, codes, calls: () => calls };
}

/** How many handles on watched directories this process holds. */
const openWatches = () => process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;

datastoreContract('files', async () => {
  const folder = await temporaryFolder();
  const open = () => new FilesDatastore([folder], { log: () => undefined });
  const fileOf = (key: string) => join(folder, `${encodeURIComponent(key)}.json`);
  let writes = 0;
  return {
    store: open(),
    put: async (key, value) => {
      const beside = join(folder, `.${writes++}.tmp`);
      await writeFile(beside, key.startsWith('/calico/resources/') ? value : JSON.stringify({ [key]: value }));
      await rename(beside, fileOf(key));
    },
    delete: (key) => unlink(fileOf(key)),
    another: open,
    stop: () => undefined,
  };
});

describe('the start', () => {
  it('reads files of any name that are given, and below directories what the extension shows', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'dir/sub'), { recursive: true });
    await writeFile(join(folder, 'given.txt'), peer('given'));
    await writeFile(join(folder, 'dir/a.yaml'), peer('a'));
    await writeFile(join(folder, 'dir/sub/b.YML'), peer('b'));
    await writeFile(join(folder, 'dir/sub/c.json'), JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [] }));
    await writeFile(join(folder, 'dir/readme.txt'), peer('no'));
    await writeFile(join(folder, 'dir/.hidden.yaml'), peer('no'));
    await writeFile(join(folder, 'dir/a.yaml~'), peer('no'));
    const again = relative(process.cwd(), join(folder, 'dir/a.yaml'));
    const { store, peers } = await started([`${folder}/dir/`, join(folder, 'given.txt'), again]);
    expect(peers()).toEqual({ a: 64512, b: 64512, given: 64512 });
    expect(store.snapshot().diagnostics).toEqual([]);
    expect(store.snapshot().entries(PEERS).get(resourceKey('BGPPeer', 'b'))?.origin).toBe(`${folder}/dir/sub/b.YML:1`);
    expect(store.health()).toEqual({ inSync: true, staleSince: null, lastError: null });
  });

  it('rejects for good when a given path does not exist', async () => {
    const folder = await temporaryFolder();
    await expect(started([folder, join(folder, 'none')])).rejects.toMatchObject({
      stage: 'datastore',
      code: 'input-missing',
      retryable: false,
      message: expect.stringContaining(join(folder, 'none')),
    });
  });

  it('takes what can be read of broken input, and tells the rest', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.yaml'), `${peer('a')}---\na: [\n`);
    await writeFile(join(folder, 'b.yaml'), Buffer.from([0xff, 0xfe, 0x61, 0x00]));
    await writeFile(join(folder, 'c.yaml'), 'kind: Case\n---\n{kind: BGPPeer, metadata: {name: a}, $delete: true}\n');
    const { store, peers } = await started([folder]);
    expect(peers()).toEqual({ a: 64512 });
    expect(store.snapshot().diagnostics).toEqual([
      expect.objectContaining({ code: 'unreadable-document', key: join(folder, 'a.yaml') }),
      expect.objectContaining({ code: 'unreadable-document', key: join(folder, 'b.yaml'), message: 'not UTF-8' }),
      expect.objectContaining({ code: 'unknown-document', key: join(folder, 'c.yaml'), severity: 'warning' }),
      expect.objectContaining({ code: 'unknown-document', key: join(folder, 'c.yaml'), severity: 'warning' }),
    ]);
    expect(store.health().lastError).toMatchObject({ code: 'input-unreadable', retryable: true });
  });

  it('loses no change that happens between the first reading and the first event', async () => {
    const file = join(await temporaryFolder(), 'a.yaml');
    writeFileSync(file, peer('a', 1));
    // The watch is asked for, and waited for by this clock: what was read is older, and nothing is watched yet.
    const sleep = vi.fn((ms: number, signal?: AbortSignal) => {
      if (sleep.mock.calls.length === 1) writeFileSync(file, peer('a', 2));
      return systemClock.sleep(ms, signal);
    });
    const { peers } = await started([file], { clock: { now: systemClock.now, sleep } });
    expect(sleep).toHaveBeenCalled();
    expect(peers()).toEqual({ a: 2 });
  });

  it('nor one in a new directory before that is watched', async () => {
    const folder = await temporaryFolder();
    const sleep = vi.fn((ms: number, signal?: AbortSignal) => {
      const isWatchWithNewOne = ms < 60_000 && existsSync(join(folder, 'new'));
      if (isWatchWithNewOne && !existsSync(join(folder, 'new/a.yaml')))
        writeFileSync(join(folder, 'new/a.yaml'), peer('a'));
      return systemClock.sleep(ms, signal);
    });
    const { becomes } = await started([folder], { clock: { now: systemClock.now, sleep } });
    await mkdir(join(folder, 'new'));
    await becomes({ a: 64512 });
  });

  it('without a watch neither loads chokidar nor keeps anything open', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.yaml'), peer('a'));
    const before = openWatches();
    const loaded = vi.fn(() => ({}));
    vi.resetModules();
    vi.doMock('chokidar', loaded);
    onTestFinished(() => void vi.doUnmock('chokidar'));
    const { FilesDatastore: Fresh } = await import('../../src/datastore/files.ts');
    const store = new Fresh([folder], { log: () => undefined, watch: false });
    await store.start(PREFIXES, () => undefined, new AbortController().signal);
    expect(store.snapshot().entries(PEERS).size).toBe(1);
    expect(loaded).not.toHaveBeenCalled();
    expect(openWatches()).toBe(before);
  });
});

describe('a change is seen', () => {
  it('when a file is written in place, again and again, and when an editor replaces it', async () => {
    const file = join(await temporaryFolder(), 'peers.yaml');
    await writeFile(file, peer('a', 1));
    for (const paths of [[file], [join(file, '..')]]) {
      const { becomes } = await started(paths);
      for (const asNumber of [2, 3, 4]) {
        await writeFile(file, peer('a', asNumber));
        await becomes({ a: asNumber });
        await replace(file, peer('a', asNumber + 10));
        await becomes({ a: asNumber + 10 });
        await appendFile(file, `---\n${peer('b', asNumber)}`);
        await becomes({ a: asNumber + 10, b: asNumber });
      }
    }
  });

  it('when writes of the same length follow one another without a pause', async () => {
    const folder = await temporaryFolder();
    const { becomes } = await started([folder]);
    for (let round = 0; round < 20; round++) {
      for (let asNumber = 10; asNumber < 20; asNumber++)
        writeFileSync(join(folder, 'a.yaml'), peer('a', asNumber + round));
      await becomes({ a: 19 + round });
    }
  });

  it('when files and directories come and go', async () => {
    const folder = await temporaryFolder();
    const { becomes } = await started([folder]);
    await writeFile(join(folder, 'a.yaml'), peer('a'));
    await mkdir(join(folder, 'x/y/z'), { recursive: true });
    await writeFile(join(folder, 'x/y/z/b.yaml'), peer('b'));
    await becomes({ a: 64512, b: 64512 });
    await writeFile(join(folder, 'x/y/z/b.yaml'), peer('b', 2));
    await unlink(join(folder, 'a.yaml'));
    await becomes({ b: 2 });
    await rename(join(folder, 'x/y'), join(folder, 'w'));
    await replace(join(folder, 'w/z/b.yaml'), peer('b', 3));
    await becomes({ b: 3 });
    await rm(join(folder, 'w'), { recursive: true });
    await becomes({});
  });

  it('when Kubernetes swaps the ..data link of a mounted ConfigMap, twice', async () => {
    const volume = join(await temporaryFolder(), 'volume');
    await mkdir(volume);
    const swap = async (version: string, text: string) => {
      await mkdir(join(volume, `..${version}`));
      await writeFile(join(volume, `..${version}/peers.yaml`), text);
      await symlink(`..${version}`, join(volume, '..data_tmp'));
      await rename(join(volume, '..data_tmp'), join(volume, '..data'));
    };
    await swap('1', peer('a', 1));
    await symlink('..data/peers.yaml', join(volume, 'peers.yaml'));
    const whole = await started([volume]);
    const single = await started([join(volume, 'peers.yaml')]);
    for (const [version, asNumber] of Object.entries({ 2: 20, 3: 30 })) {
      await swap(version, peer('a', asNumber));
      await whole.becomes({ a: asNumber });
      await single.becomes({ a: asNumber });
      await rm(join(volume, `..${Number(version) - 1}`), { recursive: true });
    }
    expect(whole.store.snapshot().diagnostics).toEqual([]);
  });

  it('behind links to files and directories elsewhere, also when a link on the way is turned', async () => {
    const folder = await temporaryFolder();
    const elsewhere = await temporaryFolder();
    for (const [release, asNumber] of Object.entries({ one: 1, two: 2 })) {
      await mkdir(join(elsewhere, release));
      await writeFile(join(elsewhere, release, 'a.yaml'), peer('a', asNumber));
    }
    await symlink('one', join(elsewhere, 'current'));
    await symlink(join(elsewhere, 'current'), join(folder, 'linked'));
    await symlink(join(elsewhere, 'b.yaml'), join(folder, 'b.yaml'));
    await symlink(folder, join(folder, 'loop'));
    const { becomes } = await started([folder]);
    await becomes({ a: 1 });
    await symlink('two', join(elsewhere, 'next'));
    await rename(join(elsewhere, 'next'), join(elsewhere, 'current'));
    await becomes({ a: 2 });
    await writeFile(join(elsewhere, 'b.yaml'), peer('b', 1));
    await becomes({ a: 2, b: 1 });
    await replace(join(elsewhere, 'b.yaml'), peer('b', 2));
    await becomes({ a: 2, b: 2 });
    await writeFile(join(elsewhere, 'two/a.yaml'), peer('a', 3));
    await becomes({ a: 3, b: 2 });
  });

  it('when a given directory is removed with what is above it, and made again', async () => {
    const above = join(await temporaryFolder(), 'above');
    const folder = join(above, 'given');
    const make = async (text: string) => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'a.yaml'), text);
    };
    await make(peer('a', 1));
    const { store, becomes, codes, peers } = await started([relative(process.cwd(), folder)]);
    for (const asNumber of [2, 3]) {
      await rename(above, `${above}.${asNumber}`);
      await eventually(() => expect(store.health().lastError?.code).toBe('input-missing'));
      expect(store.health()).toMatchObject({ inSync: false, staleSince: expect.any(Number) });
      expect([peers(), codes()]).toEqual([{ a: asNumber - 1 }, ['unreadable-document']]);
      await make(peer('a', asNumber));
      await becomes({ a: asNumber });
      await eventually(() => expect(store.health()).toEqual({ inSync: true, staleSince: null, lastError: null }));
      expect(codes()).toEqual([]);
      await rm(above, { recursive: true });
      await make(peer('b', asNumber));
      await becomes({ b: asNumber });
      await writeFile(join(folder, 'a.yaml'), peer('a', asNumber));
      await becomes({ a: asNumber });
    }
  });

  it('when a given directory is another one before anybody could look', async () => {
    const folder = join(await temporaryFolder(), 'given');
    await mkdir(folder);
    const { becomes } = await started([folder]);
    for (let round = 1; round <= 5; round++) {
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
      writeFileSync(join(folder, 'a.yaml'), peer('a', round));
      await becomes({ a: round });
      await writeFile(join(folder, 'a.yaml'), peer('a', round + 10));
      await becomes({ a: round + 10 });
    }
  });

  /** A store on one file whose chokidar is as given, with a clock that the test moves. */
  async function withoutEvents(once: (event: string, listener: () => void) => void) {
    const file = join(await temporaryFolder(), 'a.yaml');
    await writeFile(file, peer('a', 1));
    vi.resetModules();
    vi.doMock('chokidar', () => ({ watch: () => ({ on: () => undefined, once, close: async () => undefined }) }));
    onTestFinished(() => void vi.doUnmock('chokidar'));
    const { FilesDatastore: Fresh } = await import('../../src/datastore/files.ts');
    const clock = new FakeClock();
    const log = vi.fn();
    const store = new Fresh([file], { log, clock });
    onTestFinished(() => store.close());
    const onNewer = vi.fn();
    const starting = store.start(PREFIXES, onNewer, new AbortController().signal);
    const value = () => [...store.snapshot().entries(PEERS).values()][0]?.value;
    return { file, clock, log, store, starting, onNewer, value };
  }

  it('after a minute where the file system tells nothing', async () => {
    const { file, clock, starting, onNewer, value } = await withoutEvents((_, ready) => ready());
    await starting;
    await writeFile(file, peer('a', 2));
    await clock.advance(59_999);
    expect(onNewer).not.toHaveBeenCalled();
    await clock.advance(1);
    await eventually(() => expect(onNewer).toHaveBeenCalledOnce());
    expect(value()).toContain('"asNumber":2');
  });

  it('every two seconds where no watch comes about, which is told', async () => {
    const { file, clock, starting, log, store, onNewer, value } = await withoutEvents(() => undefined);
    const state = { started: false };
    void starting.then(() => {
      state.started = true;
    });
    await eventually(async () => {
      await clock.advance(500);
      expect(state.started).toBe(true);
    });
    expect(store.health()).toMatchObject({ inSync: true, lastError: { code: 'watch-failed', retryable: true } });
    expect(log.mock.calls).toEqual([['watch-failed', { message: expect.stringContaining('no watch within 8000 ms') }]]);
    await writeFile(file, peer('a', 2));
    await eventually(async () => {
      await clock.advance(2_000);
      expect(onNewer).toHaveBeenCalledOnce();
    });
    expect(value()).toContain('"asNumber":2');
  });

  const namespaces = spawnSync('unshare', [
    '--user',
    '--map-root-user',
    'test',
    '-w',
    '/proc/sys/user/max_inotify_watches',
  ]);
  it.skipIf(namespaces.status !== 0)('later, but it is, where the system has no watches left', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'in/a.yaml');
    await mkdir(join(folder, 'in'));
    await writeFile(file, peer('a', 1));
    const files = new URL('../../src/datastore/files.ts', import.meta.url).pathname;
    await build({
      stdin: {
        contents: `import { FilesDatastore } from ${JSON.stringify(files)};
          const store = new FilesDatastore([${JSON.stringify(join(folder, 'in'))}], { log: () => {} });
          const tell = () => console.log([...store.snapshot().entries('/').values()][0].value, store.health().lastError?.code);
          await store.start(['/'], tell, new AbortController().signal);
          tell();`,
        resolveDir: join(files, '..'),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      outfile: join(folder, 'child.mjs'),
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      logLevel: 'error',
    });
    const command = `echo 0 > /proc/sys/user/max_inotify_watches; exec "${process.execPath}" "${folder}/child.mjs"`;
    const child = spawn('unshare', ['--user', '--map-root-user', 'sh', '-c', command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toMatch(/"asNumber":1.* watch-failed$/);
    await replace(file, peer('a', 2));
    expect((await lines.next()).value).toMatch(/"asNumber":2.* watch-failed$/);
  });
});

describe('what cannot be read', () => {
  it('stays as it was last read, is named, and recovers', async () => {
    const file = join(await temporaryFolder(), 'peers.yaml');
    await writeFile(file, `${peer('a', 1)}---\n${peer('b', 1)}`);
    const { store, becomes, codes, calls } = await started([file]);
    const before = store.snapshot().entries(PEERS).get(resourceKey('BGPPeer', 'b'));
    // The first document is good and new, the second one is broken: the peer in it stays.
    await writeFile(file, `${peer('a', 2)}---\nkind: BGPPeer\n  metadata: {name: b}\n`);
    await becomes({ a: 2, b: 1 });
    expect(store.snapshot().entries(PEERS).get(resourceKey('BGPPeer', 'b'))).toBe(before);
    expect(store.snapshot().diagnostics).toEqual([
      {
        severity: 'error',
        code: 'unreadable-document',
        key: file,
        path: [],
        message: expect.stringMatching(/^line 6, column 7: /),
      },
    ]);
    expect(store.health()).toEqual({
      inSync: true,
      staleSince: null,
      lastError: expect.objectContaining({ code: 'input-unreadable' }),
    });
    // Nothing but the fault changes, which is told, too.
    const told = calls();
    await writeFile(file, `${peer('a', 2)}---\n{"\n`);
    await eventually(() => expect(store.snapshot().diagnostics[0]?.message).toMatch(/^line [67], column [12]: /));
    await eventually(() => expect(calls()).toBeGreaterThan(told));
    await writeFile(file, peer('a', 3));
    await becomes({ a: 3 });
    expect(codes()).toEqual([]);
    expect(store.health().lastError).toBeNull();
  });

  it('holds nothing else: a file beside it may change, and the broken one may be deleted', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.yaml'), peer('a', 1));
    const { becomes, codes } = await started([folder]);
    await writeFile(join(folder, 'a.yaml'), '{"kind": "List", "items": [');
    await writeFile(join(folder, 'b.yaml'), peer('b', 1));
    await becomes({ a: 1, b: 1 });
    await unlink(join(folder, 'a.yaml'));
    await becomes({ b: 1 });
    expect(codes()).toEqual([]);
  });

  it('may be a file that became a directory', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'a.yaml');
    await writeFile(file, peer('a', 1));
    const { becomes } = await started([folder]);
    await unlink(file);
    await mkdir(file);
    await writeFile(join(file, 'b.yaml'), peer('b', 1));
    await becomes({ b: 1 });
  });
});

describe('two files with one key', () => {
  it('give the entry of the one whose name sorts first, and name the other', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'b.yaml'), peer('x', 2));
    const { store, becomes, codes } = await started([folder]);
    await writeFile(join(folder, 'a.yaml'), `# first\n${peer('x', 1)}`);
    await becomes({ x: 1 });
    expect(store.snapshot().diagnostics).toEqual([
      {
        severity: 'error',
        code: 'duplicate-resource',
        key: resourceKey('BGPPeer', 'x'),
        path: [],
        message: `${folder}/a.yaml:2 is used; ${folder}/b.yaml:1 defines the same again and is ignored`,
      },
    ]);
    await unlink(join(folder, 'a.yaml'));
    await becomes({ x: 2 });
    expect(codes()).toEqual([]);
  });
});

describe('the copy', () => {
  it('has a revision that tells any other text, and a generation that tells other entries only', async () => {
    const file = join(await temporaryFolder(), 'a.yaml');
    await writeFile(file, peer('a'));
    const { store } = await started([file]);
    const before = store.snapshot();
    await appendFile(file, '# a comment\n');
    await eventually(() => expect(store.snapshot().revision).not.toBe(before.revision));
    expect(store.snapshot().generation).toBe(before.generation);
    expect(store.snapshot().entries(PEERS)).toBe(before.entries(PEERS));
    expect(await readFile(file, 'utf8')).toContain('comment');
  });

  it('ends its watches when it is closed', async () => {
    const folder = await temporaryFolder();
    const before = openWatches();
    const { store } = await started([folder]);
    expect(openWatches()).toBeGreaterThan(before);
    await store.close();
    await eventually(() => expect(openWatches()).toBe(before));
  });
});
