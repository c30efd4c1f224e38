import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { formatDiagnostic } from '../../src/core/diagnostic.ts';
import { digestOf } from '../../src/core/digest.ts';
import { SECRET_FILES, STATUS_FILES, secretFileKey } from '../../src/core/keys.ts';
import { FilesDatastore } from '../../src/datastore/files.ts';
import { secretReading, statusReading } from '../../src/datastore/raw-readings.ts';
import type { Reading } from '../../src/datastore/reading.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/folder.ts';

const IN_SYNC = { inSync: true, staleSince: null, lastError: null };

async function started(folder: string, reading: Reading, { watch = true } = {}) {
  const log = vi.fn();
  const store = new FilesDatastore([folder], { reading, log, watch });
  onTestFinished(() => store.close());
  await store.start([SECRET_FILES, STATUS_FILES], () => undefined, new AbortController().signal);
  /** Key → text of everything in the present snapshot. */
  const texts = () => {
    const all = [SECRET_FILES, STATUS_FILES].flatMap((prefix) => [...store.snapshot().entries(prefix)]);
    return Object.fromEntries(all.map(([key, { value }]) => [key, value]));
  };
  const becomes = (expected: Record<string, string>) => eventually(() => expect(texts()).toEqual(expected));
  const entry = (key: string) => store.snapshot().entries(SECRET_FILES).get(key);
  /** All that anybody may print, but for the values. */
  const told = () => {
    const { diagnostics, revision } = store.snapshot();
    const entries = [...store.snapshot().entries(SECRET_FILES).values()].map(({ value: _, ...rest }) => rest);
    const { lastError } = store.health();
    const lines = diagnostics.map(formatDiagnostic);
    return JSON.stringify([lines, diagnostics, revision, entries, lastError?.message, lastError, log.mock.calls]);
  };
  return { store, texts, becomes, entry, told, log };
}

/** Writes the files of a volume's next version and turns `..data` to it, as the kubelet does; the version before goes. */
async function publish(volume: string, version: number, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = join(volume, `..${version}`, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    const [visible = name] = name.split('/');
    if (!existsSync(join(volume, visible))) await symlink(`..data/${visible}`, join(volume, visible));
  }
  await symlink(`..${version}`, join(volume, '..data_tmp'));
  await rename(join(volume, '..data_tmp'), join(volume, '..data'));
  await rm(join(volume, `..${version - 1}`), { recursive: true, force: true });
}

describe('the directory of secrets', () => {
  const PASSWORD = secretFileKey('bgp', 'password');

  it('has what stands two levels below it, as it is written, and nothing else', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'bgp/deeper/still'), { recursive: true });
    await mkdir(join(folder, '.hidden'));
    await writeFile(join(folder, 'bgp/password'), 'hunter2\n');
    await writeFile(join(folder, 'bgp/other.yaml'), 'kind: [no yaml');
    await writeFile(join(folder, 'bgp/empty'), '');
    await symlink('bgp', join(folder, 'same'));
    await symlink('..', join(folder, 'bgp/up'));
    for (const name of ['too-high', '.hidden/no', 'bgp/.no', 'bgp/deeper/too-low', 'bgp/deeper/still/too-low'])
      await writeFile(join(folder, name), 'no');
    expect(spawnSync('mkfifo', [join(folder, 'bgp/pipe')]).status).toBe(0);
    const { texts, entry, store } = await started(folder, secretReading());
    const each = { 'other.yaml': 'kind: [no yaml', empty: '', password: 'hunter2\n' };
    const expected = ['bgp', 'same'].flatMap((name) =>
      Object.entries(each).map(([key, text]) => [secretFileKey(name, key), text] as const),
    );
    expect(texts()).toEqual(Object.fromEntries(expected));
    expect(entry(PASSWORD)?.origin).toBe(join(folder, 'bgp/password'));
    expect(store.snapshot().diagnostics).toEqual([]);
    expect(store.health()).toEqual(IN_SYNC);
  });

  it('has the new password once a mounted Secret is turned to it, and none that is left out of it', async () => {
    const folder = await temporaryFolder();
    const volume = join(folder, 'bgp');
    await mkdir(volume);
    await publish(volume, 1, { password: 'one', second: 'two' });
    const { becomes, store, log } = await started(folder, secretReading());
    await becomes({ [PASSWORD]: 'one', [secretFileKey('bgp', 'second')]: 'two' });
    await publish(volume, 2, { password: 'three', second: 'two' });
    await becomes({ [PASSWORD]: 'three', [secretFileKey('bgp', 'second')]: 'two' });
    await publish(volume, 3, { password: 'four' });
    await becomes({ [PASSWORD]: 'four' });
    expect(store.health()).toEqual(IN_SYNC);
    expect(log).not.toHaveBeenCalled();
  });

  it('may be one volume of several Secrets, so that both levels are links', async () => {
    const folder = await temporaryFolder();
    const elsewhere = join(await temporaryFolder(), 'rack');
    await writeFile(elsewhere, 'r1');
    await publish(folder, 1, { 'bgp/password': 'one' });
    await symlink(elsewhere, join(folder, '..1/bgp/rack'));
    const { becomes } = await started(folder, secretReading());
    await becomes({ [PASSWORD]: 'one', [secretFileKey('bgp', 'rack')]: 'r1' });
    await writeFile(elsewhere, 'r2');
    await becomes({ [PASSWORD]: 'one', [secretFileKey('bgp', 'rack')]: 'r2' });
    for (const version of [2, 3]) {
      await publish(folder, version, { 'bgp/password': `new ${version}`, 'more/key': 'k' });
      await becomes({ [PASSWORD]: `new ${version}`, [secretFileKey('more', 'key')]: 'k' });
    }
  });

  it('keeps the last text of what cannot be read, and says so without a word of it', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'bgp/password');
    await mkdir(join(folder, 'bgp'));
    await writeFile(file, 'hunter2');
    await writeFile(join(folder, 'bgp/other'), 'o1');
    const { store, becomes, texts, told, entry } = await started(folder, secretReading());
    const before = entry(PASSWORD);
    const isTold = (message: string) =>
      eventually(() => {
        const fault = { severity: 'error', code: 'unreadable-document', key: file, path: [] };
        expect(store.snapshot().diagnostics).toEqual([{ ...fault, message: expect.stringContaining(message) }]);
        expect(store.health().lastError).toMatchObject({ code: 'input-unreadable', retryable: true });
        expect(entry(PASSWORD)).toBe(before);
        expect(told()).not.toMatch(/hunter2|geheim/);
      });
    /** Puts at once what `make` makes: no look finds less. */
    const put = async (make: (path: string) => Promise<void>) => {
      await make(join(folder, 'bgp/.new'));
      await rename(join(folder, 'bgp/.new'), file);
    };
    const isWell = async () => {
      await put((path) => writeFile(path, 'hunter2'));
      await eventually(() => expect(store.snapshot().diagnostics).toEqual([]));
      expect(store.health()).toEqual(IN_SYNC);
      expect(entry(PASSWORD)).toBe(before);
    };

    await put((path) => writeFile(path, Buffer.from([...Buffer.from('geheim'), 0xff])));
    await isTold('not UTF-8');
    await isWell();
    await put((path) => symlink('/proc/self/mem', path)); // there, but not even root can read its beginning
    await isTold('EIO');
    await isWell();
    await put((path) => symlink('password', path)); // to itself
    await isTold('ELOOP');
    expect(store.health()).toMatchObject({ inSync: false, staleSince: expect.any(Number) });
    await writeFile(join(folder, 'bgp/other'), 'o2');
    await becomes({ [PASSWORD]: 'hunter2', [secretFileKey('bgp', 'other')]: 'o2' });

    await unlink(file);
    await becomes({ [secretFileKey('bgp', 'other')]: 'o2' });
    expect(store.snapshot().diagnostics).toEqual([]);
    expect(store.health()).toEqual(IN_SYNC);
    await writeFile(file, 'new');
    await eventually(() => expect(texts()[PASSWORD]).toBe('new'));
  });

  it('gives no version or revision by which a password could be guessed, but one that changes with the text alone', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'bgp/password');
    await mkdir(join(folder, 'bgp'));
    await writeFile(file, 'hunter2');
    const one = await started(folder, secretReading());
    const another = await started(folder, secretReading(), { watch: false });
    expect(one.texts()).toEqual(another.texts());
    expect(one.store.snapshot().revision).not.toBe(another.store.snapshot().revision);
    expect(one.entry(PASSWORD)?.version).not.toBe(another.entry(PASSWORD)?.version);
    expect(digestOf('hunter2')).not.toContain(one.entry(PASSWORD)?.version);

    const before = { entry: one.entry(PASSWORD), revision: one.store.snapshot().revision };
    await utimes(file, 1, 1);
    await writeFile(join(folder, 'bgp/other'), 'o');
    await eventually(() => expect(Object.keys(one.texts())).toHaveLength(2));
    expect(one.entry(PASSWORD)).toBe(before.entry);
    await unlink(join(folder, 'bgp/other'));
    await eventually(() => expect(one.store.snapshot().revision).toBe(before.revision));
    await writeFile(file, 'hunter3');
    await eventually(() => expect(one.entry(PASSWORD)?.value).toBe('hunter3'));
    expect(one.entry(PASSWORD)?.version).not.toBe(before.entry?.version);
    expect(one.store.snapshot().revision).not.toBe(before.revision);
  });
});

describe('the directory of status files', () => {
  const keyOf = (name: string) => STATUS_FILES + name;
  const status = (bgpPeerName: string) =>
    JSON.stringify({ ifaceName: 'cali1', ipv4Nets: ['10.0.0.1/32'], bgpPeerName });

  it('has the files in it, and neither what is below nor what is no file', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'pod default%2fa eth0'), status('a'));
    await writeFile(join(folder, 'half'), '{"iface');
    await writeFile(join(folder, '.pod.tmp'), status('no'));
    await writeFile(join(folder, 'sub/b'), status('no'));
    expect(spawnSync('mkfifo', [join(folder, 'pipe')]).status).toBe(0);
    const { texts, store } = await started(folder, statusReading, { watch: false });
    expect(texts()).toEqual({ [keyOf('pod default%2fa eth0')]: status('a'), [keyOf('half')]: '{"iface' });
    expect(store.snapshot().diagnostics).toEqual([]);
  });

  it('may be absent with what is above it, and is seen when it comes, changes and goes', async () => {
    const above = join(await temporaryFolder(), 'calico');
    const folder = join(above, 'endpoint-status');
    const { store, texts, becomes, log } = await started(folder, statusReading);
    expect(texts()).toEqual({});
    const nothing = store.snapshot();
    expect(nothing.diagnostics).toEqual([]);
    expect(store.health()).toEqual(IN_SYNC);
    for (const round of ['a', 'b']) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'w1'), status(round));
      await becomes({ [keyOf('w1')]: status(round) });
      await writeFile(join(folder, 'w1'), status(`${round}2`));
      await becomes({ [keyOf('w1')]: status(`${round}2`) });
      await writeFile(join(folder, '.w2'), status('c'));
      await rename(join(folder, '.w2'), join(folder, 'w2'));
      await becomes({ [keyOf('w1')]: status(`${round}2`), [keyOf('w2')]: status('c') });
      await appendFile(join(folder, 'w2'), '\n');
      await unlink(join(folder, 'w1'));
      await becomes({ [keyOf('w2')]: `${status('c')}\n` });
      await rm(above, { recursive: true });
      await becomes({});
      expect(store.snapshot().diagnostics).toEqual([]);
      expect(store.health()).toEqual(IN_SYNC);
    }
    expect(store.snapshot().revision).toBe(nothing.revision);
    expect(log).not.toHaveBeenCalled();
  });

  it('keeps nobody from starting where something else stands, which is told until it is gone', async () => {
    const folder = join(await temporaryFolder(), 'endpoint-status');
    await writeFile(folder, 'a file');
    const { store, texts, becomes } = await started(folder, statusReading);
    expect(texts()).toEqual({});
    expect(store.snapshot().diagnostics).toMatchObject([
      { severity: 'error', code: 'unreadable-document', key: folder, message: 'not a directory' },
    ]);
    expect(store.health()).toMatchObject({ inSync: false, lastError: { code: 'input-unreadable', retryable: true } });
    await unlink(folder);
    await mkdir(folder);
    await writeFile(join(folder, 'w1'), status('a'));
    await becomes({ [keyOf('w1')]: status('a') });
    expect(store.snapshot().diagnostics).toEqual([]);
    expect(store.health()).toEqual(IN_SYNC);
  });
});
