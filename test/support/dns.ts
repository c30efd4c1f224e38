import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** One SRV record. */
export interface Srv {
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
export async function resolverFor(names: Readonly<Record<string, readonly Srv[]>>) {
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
