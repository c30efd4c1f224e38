import { expect, it } from 'vitest';
import { discoverEndpoints } from '../../src/datastore/etcd-discovery.ts';
import { resolverFor } from '../support/dns.ts';

it('finds the members by both records, TLS first, then by priority and name', async () => {
  const resolver = await resolverFor({
    '_etcd-client._tcp.example.com': [{ priority: 0, port: 2379, target: 'plain.example.com' }],
    '_etcd-client-ssl._tcp.example.com': [
      { priority: 10, port: 2379, target: 'c.example.com' },
      { priority: 9, port: 2380, target: 'b.example.com' },
      { priority: 9, port: 2379, target: 'a.example.com' },
    ],
  });
  expect(await discoverEndpoints('example.com', resolver)).toEqual([
    'https://a.example.com:2379',
    'https://b.example.com:2380',
    'https://c.example.com:2379',
    'http://plain.example.com:2379',
  ]);
});

it('is content with one kind of record', async () => {
  const resolver = await resolverFor({
    '_etcd-client._tcp.example.com': [{ priority: 0, port: 4001, target: 'a.example.com' }],
  });
  expect(await discoverEndpoints('example.com', resolver)).toEqual(['http://a.example.com:4001']);
});

it('says what it asked for where there is none', async () => {
  const asked = discoverEndpoints('example.com', await resolverFor({}));
  await expect(asked).rejects.toMatchObject({ stage: 'datastore', code: 'discovery-failed', retryable: true });
  await expect(asked).rejects.toThrow(/SRV records of example\.com: .*_etcd-client/);
});
