import { describe, expect, it } from 'vitest';
import { newerFields } from '../../src/bgp/newer-fields.ts';
import { prefixesFor } from '../../src/core/keys.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { MemoryDatastore } from '../../src/datastore/memory.ts';
import { filter, peer } from '../support/cluster.ts';

const ENTRIES = [
  peer('all', {
    peerIP: '192.0.2.9',
    asNumber: 64500,
    localASNumber: 64501,
    nextHopMode: 'Self',
    reversePeering: 'Manual',
    keepaliveTime: '9s',
  }),
  peer('old', { peerIP: '192.0.2.10', asNumber: 64500, maxRestartTime: '9s', ttlSecurity: 1 }),
  filter('f', {
    importV4: [
      { action: 'Accept', matchOperator: 'In', cidr: '198.51.100.0/24' },
      {
        action: 'Accept',
        source: 'RemotePeers',
        interface: 'eth0',
        matchOperator: 'In',
        cidr: '198.51.100.0/24',
        prefixLength: { min: 26 },
      },
    ],
    exportV6: [
      {
        action: 'Accept',
        operations: [{ setPriority: { value: 7 } }],
        peerType: 'eBGP',
        communities: { values: ['1:2'] },
        asPathPrefix: [64500],
        priority: 5,
      },
    ],
  }),
];

async function fieldsNewerThan(minor: number, patch: number): Promise<readonly string[]> {
  const store = new MemoryDatastore(Object.fromEntries(ENTRIES));
  await store.start(prefixesFor('n'), () => {}, new AbortController().signal);
  const { resources, diagnostics } = new ResourcesDecoder('n', new Map()).decode(store.snapshot());
  expect(diagnostics).toEqual([]);
  return newerFields(resources, { minor, patch }).map(({ path }) => String(path.at(-1)));
}

const BY_3_32 = ['keepaliveTime', 'peerType', 'communities', 'asPathPrefix', 'priority', 'operations'];

describe('fields that a release itself ignores', () => {
  it.each([
    [33, 0, []],
    [32, 0, []],
    [31, 5, BY_3_32],
    [30, 3, ['localASNumber', ...BY_3_32]],
    [30, 2, ['reversePeering', 'localASNumber', ...BY_3_32]],
    [30, 1, ['nextHopMode', 'reversePeering', 'localASNumber', ...BY_3_32]],
    [28, 0, ['nextHopMode', 'reversePeering', 'localASNumber', 'prefixLength', ...BY_3_32]],
    [26, 0, ['nextHopMode', 'reversePeering', 'localASNumber', 'source', 'interface', 'prefixLength', ...BY_3_32]],
  ])('3.%i.%i', async (minor, patch, fields) => {
    expect([...(await fieldsNewerThan(minor, patch))].sort()).toEqual([...fields].sort());
  });
});
