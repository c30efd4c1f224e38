import { link, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/core/digest.ts';
import { EMPTY_RECORD, type LedgerRecord, readLedger, writeLedger } from '../../src/host/ledger.ts';
import { temporaryFolder } from '../support/folder.ts';

const RECORD: LedgerRecord = {
  ...EMPTY_RECORD,
  live: { bytes: digestOf('bytes'), statements: digestOf('statements') },
  confirmed: digestOf('statements'),
  boot: '2026-11-21 22:02:12',
  lastGood: { '/calico/resources/v3/projectcalico.org/bgppeers/a': '{"spec":{"peerIP":"10.0.0.1"}}' },
};

describe('the ledger', () => {
  it('is empty where none was written', async () => {
    const path = join(await temporaryFolder(), 'state', 'bird.json');
    expect(await readLedger(path)).toEqual({ record: EMPTY_RECORD, warning: null });
  });

  it.each([
    ['full', RECORD],
    ['empty', EMPTY_RECORD],
  ])('gives back what was written: %s', async (_, record) => {
    const dir = join(await temporaryFolder(), 'state');
    const path = join(dir, 'bird.json');
    await writeLedger(path, record);
    expect(await readLedger(path)).toEqual({ record, warning: null });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect(await readdir(dir)).toEqual(['bird.json']);
  });

  it('is replaced as a whole, and left alone when nothing has changed', async () => {
    const dir = await temporaryFolder();
    const path = join(dir, 'bird.json');
    await writeLedger(path, EMPTY_RECORD);
    await link(path, join(dir, 'held'));
    const { ino } = await stat(path);
    await writeLedger(path, { ...EMPTY_RECORD });
    expect((await stat(path)).ino).toBe(ino);
    await writeLedger(path, RECORD);
    expect((await stat(path)).ino).not.toBe(ino);
    expect(JSON.parse(await readFile(join(dir, 'held'), 'utf8'))).toEqual(EMPTY_RECORD);
    expect((await readLedger(path)).record).toEqual(RECORD);
  });

  it.each([
    ['cut off', '{"version": 1, "live"', /JSON/],
    ['empty text', '', /JSON/],
    ['a list', '[]', /must be object/],
    ['of another version', JSON.stringify({ ...RECORD, version: 2 }), /version/],
    ['without a field', JSON.stringify({ version: 1 }), /live/],
    ['with a digest that is none', JSON.stringify({ ...RECORD, confirmed: 'abc' }), /confirmed/],
    ['with half the digests', JSON.stringify({ ...RECORD, live: { bytes: digestOf('') } }), /live/],
    ['with a value that is no text', JSON.stringify({ ...RECORD, lastGood: { a: 1 } }), /lastGood/],
  ])('that is %s is kept aside and begun anew', async (_, text, why) => {
    const dir = await temporaryFolder();
    const path = join(dir, 'bird.json');
    await writeFile(`${path}.corrupt`, 'an earlier one');
    await writeFile(path, text);
    const { record, warning } = await readLedger(path);
    expect(record).toEqual(EMPTY_RECORD);
    expect(warning).toMatch(why);
    expect(warning).toContain(`${path}.corrupt`);
    expect(await readdir(dir)).toEqual(['bird.json.corrupt']);
    expect(await readFile(`${path}.corrupt`, 'utf8')).toBe(text);
    await writeLedger(path, RECORD);
    expect(await readLedger(path)).toEqual({ record: RECORD, warning: null });
  });

  it('of a later release with one more field is still one', async () => {
    const path = join(await temporaryFolder(), 'bird.json');
    await writeFile(path, JSON.stringify({ ...RECORD, hold: null }));
    expect(await readLedger(path)).toMatchObject({ record: RECORD, warning: null });
  });

  it('says why it cannot be read or written', async () => {
    const dir = await temporaryFolder();
    await mkdir(join(dir, 'bird.json'));
    await expect(readLedger(join(dir, 'bird.json'))).rejects.toMatchObject({ stage: 'commit', code: 'io' });
    await expect(writeLedger(join(dir, 'bird.json'), RECORD)).rejects.toMatchObject({ stage: 'commit', code: 'io' });
    await writeFile(join(dir, 'file'), '');
    await expect(writeLedger(join(dir, 'file', 'bird.json'), RECORD)).rejects.toMatchObject({ code: 'io' });
  });
});
