import { expect, it } from 'vitest';
import type { TemplateResource } from '../../src/confd/resource.ts';
import { type KeyRules, prefixesOf, valuesReader } from '../../src/confd/resource-values.ts';
import { readTemplateResource } from '../../src/confd/template-resource.ts';
import { MemoryDatastore } from '../../src/datastore/memory.ts';

const RULES: KeyRules = { covers: 'segment', asked: (key) => key };

/** A resource with these `keys`, its own `prefix`, and what `-prefix` and `-prefix-mode` say. */
function resource(
  keys: readonly string[],
  own: string | undefined,
  prefix: string | null,
  prefixMode: 'override' | 'concat' = 'override',
): TemplateResource {
  const template = { src: 't', dest: '/d', keys, ...(own === undefined ? {} : { prefix: own }) };
  const defaults = { confDir: '/c', prefix, prefixMode, checkTimeoutMs: 1, reloadTimeoutMs: 1 };
  const { resource, diagnostics } = readTemplateResource({ template }, { name: 'one', file: 'one.toml' }, defaults);
  expect(diagnostics).toEqual([]);
  return resource!;
}

it.each([
  ['its own prefix', ['/peers'], '/own', null, 'override', ['/own/peers']],
  ['its own prefix without a slash in front', ['peers'], 'own', null, 'override', ['/own/peers']],
  ['no prefix at all', ['/peers', 'asn'], undefined, null, 'override', ['/peers', '/asn']],
  ['-prefix, which overrides it (confd 0.12 to 0.16)', ['/peers'], '/own', '/global', 'override', ['/global/peers']],
  ['-prefix, and concat (up to 0.11)', ['/peers'], '/own', '/global', 'concat', ['/global/own/peers']],
  ['-prefix, concat, and none of its own', ['/peers'], undefined, 'global/', 'concat', ['/global/peers']],
  ['path.Join: no dots, no double slash', ['//a/../peers/'], '/own/', null, 'override', ['/own/peers']],
  ['the root', ['/'], '/own', null, 'override', ['/own']],
] as const)('joins keys to %s', (_, keys, own, prefix, mode, expected) => {
  expect(resource(keys, own, prefix, mode).keys).toEqual(expected);
});

async function seen(one: TemplateResource, entries: Readonly<Record<string, string>>) {
  const read = valuesReader(one, RULES, prefixesOf([one], RULES));
  const store = new MemoryDatastore(entries);
  await store.start(prefixesOf([one], RULES), () => {}, new AbortController().signal);
  return Object.fromEntries(read(store.snapshot()).values);
}

it('cuts the prefix off what templates see, and shows nothing beside the keys', async () => {
  const entries = { '/p/peers/a': '1', '/p/peers': '2', '/p/peersx': '3', '/p/asn': '4', '/peers/b': '5' };
  expect(await seen(resource(['/peers'], '/p', null), entries)).toEqual({ '/peers': '2', '/peers/a': '1' });
  expect(await seen(resource(['/'], '/p', null), entries)).toEqual({
    ...{ '/asn': '4', '/peers': '2', '/peers/a': '1' },
    '/peersx': '3',
  });
});

it('asks once for a key within another', () => {
  expect(prefixesOf([resource(['/a', '/a/b', '/c'], '/p', null), resource(['/p/a'], undefined, null)], RULES)).toEqual([
    '/p/a',
    '/p/c',
  ]);
});

it('sees the same values as long as nothing changes that it may see, whoever else reads there', async () => {
  const [one, all] = [resource(['/one'], '/p', null), resource(['/'], '/p', null)];
  const prefixes = prefixesOf([one, all], RULES);
  const store = new MemoryDatastore({ '/p/one/a': '1', '/p/two/a': '1' });
  await store.start(prefixes, () => {}, new AbortController().signal);
  const [readOne, readAll] = [valuesReader(one, RULES, prefixes), valuesReader(all, RULES, prefixes)];
  const [first, allFirst] = [readOne(store.snapshot()), readAll(store.snapshot())];
  store.put('/p/two/a', '2');
  expect(readOne(store.snapshot())).toBe(first);
  expect(readAll(store.snapshot())).not.toBe(allFirst);
  store.put('/p/one/b', '1');
  expect([...readOne(store.snapshot()).values]).toEqual([
    ['/one/a', '1'],
    ['/one/b', '1'],
  ]);
  store.delete('/p/one/a');
  expect([...readOne(store.snapshot()).values.keys()]).toEqual(['/one/b']);
});
