import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { discoverEndpoints } from '../../src/datastore/etcd-discovery.ts';

interface Srv {
  readonly priority: number;
  readonly port: number;
  readonly target: string;
}

const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]),
    Buffer.from([0]),
  ]);

/** An answer to a question of one name: its SRV records, or that the name does not exist (RFC 1035, 2782). */
function answerTo(query: Buffer, records: readonly Srv[]): Buffer {
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(records.length > 0 ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  header.fill(0, 8);
  const answers = records.map(({ priority, port, target }) => {
    const name = nameBytes(target);
    const fixed = Buffer.alloc(18);
    fixed.writeUInt16BE(0xc00c, 0); // the name of the question
    fixed.writeUInt16BE(33, 2);
    fixed.writeUInt16BE(1, 4);
    fixed.writeUInt16BE(name.length + 6, 10);
    fixed.writeUInt16BE(priority, 12);
    fixed.writeUInt16BE(port, 16);
    return Buffer.concat([fixed, name]);
  });
  return Buffer.concat([header, question, ...answers]);
}

/** A resolver that asks a DNS server on the loopback address, which knows only these names. */
async function resolverFor(names: Readonly<Record<string, readonly Srv[]>>) {
  const server = createSocket('udp4').bind(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const known = Object.entries(names).map(([name, records]) => [nameBytes(name).toString('latin1'), records] as const);
  server.on('message', (query, { port, address }) => {
    const asked = query.subarray(12, query.indexOf(0, 12) + 1).toString('latin1');
    server.send(answerTo(query, known.find(([name]) => name === asked)?.[1] ?? []), port, address);
  });
  const resolver = new dns.Resolver();
  resolver.setServers([`127.0.0.1:${server.address().port}`]);
  return resolver;
}

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
