import type { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StageError } from '../../src/core/errors.ts';
import { listAtOneRevision, rangeOf, rangeOver } from '../../src/datastore/etcd-list.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';

const A = '/calico/a/';
const B = '/calico/b/';
const OPTIONS = { keysOnly: false, pageMs: 30_000 };
const KEYS = 5_100; // more than a page
const TXN_OPERATIONS = 100; // etcd takes up to 128

describe('a list of several pages', () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd();
    for (let i = 0; i < KEYS; i += TXN_OPERATIONS) {
      const puts = Array.from({ length: TXN_OPERATIONS }, (_, j) => `${A}${String(i + j).padStart(5, '0')}`);
      await etcd.client.kv.txn({
        success: puts.map((key) => ({ request_put: { key: Buffer.from(key), value: Buffer.from('old') } })),
      });
    }
    await etcd.client.put(`${B}x`).value('old');
  });
  afterAll(() => etcd.stop());

  it('has every key once, as all of them were when the first page was read', async () => {
    const limits: unknown[] = [];
    // Between the first page and the second, other writers are busy under both prefixes.
    const range: Etcd3['kv']['range'] = async (request) => {
      const page = await etcd.client.kv.range(request);
      if (limits.push(request.limit) === 1) {
        await etcd.client.put(`${A}05099`).value('new');
        await etcd.client.delete().key(`${A}05098`);
        await etcd.client.put(`${B}y`).value('new');
      }
      return page;
    };
    const listing = await listAtOneRevision({ kv: { range } } as Etcd3, [A, B], OPTIONS);
    expect(limits).toEqual([5_000, 5_000, 5_000]);
    expect(listing.entries.size).toBe(KEYS + 1);
    expect(new Set([...listing.entries.values()].map(({ value }) => value))).toEqual(new Set(['old']));
    const revisions = [...listing.entries.values()].map(({ version }) => Number(version));
    expect(Number(listing.revision)).toBe(Math.max(...revisions));
  });

  it('asks for the other prefixes at the same time, and has the entries in the order of the prefixes all the same', async () => {
    const answered: string[] = [];
    let resolveOthers: () => void = () => undefined;
    const others = new Promise<void>((resolve) => {
      resolveOthers = resolve;
    });
    // The second page of the first prefix is not answered before all other prefixes are.
    const range: Etcd3['kv']['range'] = async (request) => {
      const key = String(request.key);
      const page = await etcd.client.kv.range(request);
      if (key.startsWith(A) && key !== A) await others;
      if (answered.push(key) === 3) resolveOthers();
      return page;
    };
    const listing = await listAtOneRevision({ kv: { range } } as Etcd3, [A, '/none/', B], OPTIONS);
    expect([answered[0], answered.slice(1, 3).sort(), answered[3]]).toEqual([A, [B, '/none/'], `${A}04999\0`]);
    const keys = [...listing.entries.keys()];
    expect(keys).toEqual([...keys].sort());
    expect(keys.filter((key) => key.startsWith(B))).not.toEqual([]);
  });

  it('makes smaller pages once, however many are refused together', async () => {
    const limits: number[] = [];
    const range: Etcd3['kv']['range'] = async (request) => {
      limits.push(Number(request.limit));
      if (Number(request.limit) > 500 && limits.length > 1)
        throw new StageError('datastore', 'answer-too-large', 'larger than max', { retryable: true });
      return etcd.client.kv.range(request);
    };
    const prefixes = Array.from({ length: 10 }, (_, at) => `${A}00${at}`);
    const listing = await listAtOneRevision({ kv: { range } } as Etcd3, [B, ...prefixes], OPTIONS);
    expect([...listing.entries.keys()].filter((key) => key.startsWith(A)).length).toBe(1_000);
    expect(new Set(limits)).toEqual(new Set([5_000, 500]));
    expect(limits.length).toBe(1 + 2 * prefixes.length);
  });

  it('rejects when its revision is compacted between two pages', async () => {
    let pages = 0;
    const range: Etcd3['kv']['range'] = async (request) => {
      const page = await etcd.client.kv.range(request);
      if (++pages === 1) {
        const { header } = await etcd.client.put(`${B}z`).value('new');
        await etcd.client.kv.compact({ revision: header.revision });
      }
      return page;
    };
    await expect(listAtOneRevision({ kv: { range } } as Etcd3, [A, B], OPTIONS)).rejects.toThrow('compacted');
  });
});

describe('ranges', () => {
  const show = ({ start, end }: { start: Buffer; end: Buffer }) => [start.toString(), end.toString()];

  it('holds what begins with a prefix, and nothing that only begins alike', () => {
    expect(show(rangeOf('/a/b/'))).toEqual(['/a/b/', '/a/b0']);
    expect(show(rangeOf(''))).toEqual(['\0', '\0']);
  });

  it('spans from the first prefix to the last, in any order, also when one holds another', () => {
    expect(show(rangeOver(['/b/', '/a/', '/a/c/']))).toEqual(['/a/', '/b0']);
    expect(show(rangeOver(['/a/', '/a/c/']))).toEqual(['/a/', '/a0']);
    expect(show(rangeOver(['/a/', '']))).toEqual(['\0', '\0']);
  });
});
