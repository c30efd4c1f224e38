import type { Etcd3, IRangeResponse } from 'etcd3';
import { StageError } from '../core/errors.ts';
import type { Entry } from './datastore.ts';
import { type Position, verifySameStore } from './etcd-position.ts';

/** The keys from `start` up to, not including, `end`. */
export interface KeyRange {
  readonly start: Buffer;
  readonly end: Buffer;
}

/** Every key there is, as etcd writes it. */
const ALL: KeyRange = { start: Buffer.from([0]), end: Buffer.from([0]) };

/** 5,000 values of 5 kB stay below the limit of an answer; fewer pages are not faster (spec stack, 1 a). */
const PAGE_KEYS = 5_000;

/** The keys that begin with `prefix`. */
export function rangeOf(prefix: string): KeyRange {
  if (prefix === '') return ALL;
  const start = Buffer.from(prefix);
  const end = Buffer.from(start);
  end[end.length - 1] = end[end.length - 1]! + 1; // UTF-8 has no byte 0xff to overflow
  return { start, end };
}

/** The smallest range that holds every prefix; what lies between them is in it too. */
export function rangeOver(prefixes: readonly string[]): KeyRange {
  if (prefixes.includes('')) return ALL;
  const ranges = prefixes.map(rangeOf);
  return {
    start: ranges.map((range) => range.start).reduce((a, b) => (a.compare(b) <= 0 ? a : b)),
    end: ranges.map((range) => range.end).reduce((a, b) => (a.compare(b) >= 0 ? a : b)),
  };
}

/** Every key under `prefixes` as the store held them at `revision`. */
export interface Listing {
  readonly revision: bigint;
  readonly clusterId: string;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface ListOptions {
  /** Every value is left out, and is '' in the listing. */
  readonly keysOnly: boolean;
  /** How long one page may take. */
  readonly pageMs: number;
}

const isTooLarge = (thrown: unknown): boolean => thrown instanceof StageError && thrown.code === 'answer-too-large';

/**
 * Lists in pages, all of one revision; once the first one has told it, the other prefixes are asked for at the same time. A page that is
 * too large for an answer is asked for again in smaller ones. Rejects with StageError `compacted` if the revision went away meanwhile, and
 * as `verifySameStore` does if the pages are not of one store. The entries are in the order of the prefixes, and of etcd's keys.
 *
 * Not all ranges in one transaction: its one answer would hold a page of each, and be too large the sooner.
 */
export async function listAtOneRevision(
  client: Etcd3,
  prefixes: readonly string[],
  { keysOnly, pageMs }: ListOptions,
): Promise<Listing> {
  let at: Position | null = null;
  let limit = PAGE_KEYS;
  const pageFrom = async (key: Buffer, end: Buffer): Promise<IRangeResponse> => {
    const asked = limit;
    const request = { key, range_end: end, limit: asked, revision: at?.revision.toString() ?? 0, keys_only: keysOnly };
    try {
      const page = await client.kv.range(request, { deadline: Date.now() + pageMs });
      at ??= { revision: BigInt(page.header.revision), clusterId: page.header.cluster_id };
      verifySameStore(at, page.header);
      return page;
    } catch (thrown) {
      if (!isTooLarge(thrown) || asked === 1) throw thrown;
      limit = Math.min(limit, Math.ceil(asked / 10));
      return pageFrom(key, end);
    }
  };
  const entriesIn = async (range: KeyRange, first: IRangeResponse): Promise<readonly [string, Entry][]> => {
    const entries: [string, Entry][] = [];
    for (let page = first; ; ) {
      for (const { key, value, mod_revision } of page.kvs) {
        entries.push([key.toString(), { value: value.toString(), version: mod_revision, origin: 'etcd' }]);
      }
      const last = page.kvs.at(-1);
      if (!page.more || !last) return entries;
      page = await pageFrom(Buffer.concat([last.key, Buffer.from([0])]), range.end);
    }
  };
  const [range, ...others] = prefixes.map(rangeOf);
  if (!range) throw new Error('bug: nothing to list');
  const first = await pageFrom(range.start, range.end);
  const lists = await Promise.all([
    entriesIn(range, first),
    ...others.map(async (other) => entriesIn(other, await pageFrom(other.start, other.end))),
  ]);
  const { revision, cluster_id: clusterId } = first.header;
  return { revision: BigInt(revision), clusterId, entries: new Map(lists.flat()) };
}
