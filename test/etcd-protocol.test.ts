import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { loaderOf, protocolModule } from '../scripts/etcd-protocol.mjs';

/** One call of a service, as grpc is told of it. */
interface Method {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly originalName: string;
  readonly requestSerialize: (message: unknown) => Buffer;
  readonly responseSerialize: (message: unknown) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
}
type Services = Readonly<Record<string, Readonly<Record<string, Method>>>>;

const importer = join(dirname(createRequire(import.meta.url).resolve('etcd3')), 'connection-pool.js');
const require = createRequire(loaderOf(importer));
const loader = require(loaderOf(importer)) as { loadSync(proto: string, options: object): Services };
const theirs = loader.loadSync(join(dirname(importer), '../proto/rpc.proto'), {
  ...{ keepCase: true, longs: String, enums: String, defaults: true, oneofs: true },
});

const made: { exports: Services } = { exports: {} };
new Function('require', 'module', protocolModule(importer))(require, made);
const ours = made.exports;

const method = (services: Services, service: string, name: string): Method =>
  services[`etcdserverpb.${service}`]![name]!;
const header = { cluster_id: '14841639068965178418', member_id: '1', revision: '9007199254740993', raft_term: '2' };
const kv = {
  key: Buffer.from([0, 255]),
  value: Buffer.from('\u00e9'),
  create_revision: 1,
  mod_revision: '-1',
  version: 3,
};

it.each([
  [
    'KV',
    'Range',
    [{}, { key: Buffer.from('a'), range_end: 'Yg==', limit: 5_000, revision: '7', sort_order: 'DESCEND' }],
  ],
  ['KV', 'Range', [{ keys_only: true, serializable: 1, sort_target: 2, max_mod_revision: '9007199254740993' }]],
  ['Watch', 'Watch', [{ create_request: { key: kv.key, start_revision: '3', filters: ['NOPUT', 1], prev_kv: true } }]],
  ['Watch', 'Watch', [{ cancel_request: { watch_id: '4' } }, { progress_request: {} }, {}]],
  ['Auth', 'Authenticate', [{ name: 'birdconfd', password: 'a secret' }]],
])('sends for %s.%s the bytes that etcd3 sends with its own loader', (service, name, messages) => {
  for (const message of messages) {
    const bytes = method(ours, service, name).requestSerialize(message);
    expect(bytes).toEqual(method(theirs, service, name).requestSerialize(message));
  }
});

it.each([
  ['KV', 'Range', [{}, { header, kvs: [kv, {}], more: true, count: 2 }]],
  ['Watch', 'Watch', [{ header, watch_id: 1, created: true }, { events: [{ type: 'DELETE', kv, prev_kv: kv }, {}] }]],
  ['Watch', 'Watch', [{ canceled: true, compact_revision: '12', cancel_reason: 'compacted' }]],
  ['Auth', 'Authenticate', [{ header, token: 'a.b' }]],
])('reads from %s.%s what etcd3 reads with its own loader', (service, name, messages) => {
  for (const message of messages) {
    const bytes = method(theirs, service, name).responseSerialize(message);
    const read = method(ours, service, name).responseDeserialize(bytes);
    expect(read).toEqual(method(theirs, service, name).responseDeserialize(bytes));
    expect(Object.keys(read as object).length).toBeGreaterThan(0);
  }
});

it('knows every call by its name and way, and refuses to make one that is not in the bundle', () => {
  const told = (services: Services) =>
    Object.entries(services)
      .filter(([name]) => /^etcdserverpb\.(KV|Watch|Lease|Cluster|Maintenance|Auth)$/.test(name))
      .flatMap(([service, methods]) =>
        Object.entries(methods).map(([name, { path, requestStream, responseStream, originalName }]) => ({
          ...{ service, name, path, requestStream, responseStream, originalName },
        })),
      );
  expect(told(ours)).toEqual(told(theirs));
  expect(told(ours).length).toBeGreaterThan(30);
  expect(() => method(ours, 'KV', 'Put').requestSerialize({})).toThrow('/etcdserverpb.KV/Put is not in this bundle');
  expect(() => method(ours, 'KV', 'Range').requestSerialize([])).toThrow('got an array');
});
