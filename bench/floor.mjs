// The floor: the least that a program on Node and etcd3 must do to keep a mesh's BIRD configuration in step. One string
// a peer, put together again after every change; an unchanged file is not written, a changed one is synced and renamed
// into place. No model, no checks, no templates, no recovery.
//   FLOOR_ENDPOINT=http://… FLOOR_NODE=… FLOOR_OUTPUT=DIR node floor.mjs once|watch|range   (range: only reads the keys)
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Etcd3 } from 'etcd3';

const prefix = '/calico/resources/v3/projectcalico.org/nodes/';
const { FLOOR_ENDPOINT: hosts, FLOOR_NODE: self, FLOOR_OUTPUT: output } = process.env;
const file = join(output, 'bird.cfg');
/** Key → the peer's text; the own node stands under its key with an empty one. */
const peers = new Map();
let source = '';
let written = null;

/** The statements that a peer of the mesh takes, so that as much is written. */
function peerText(address) {
  return `
protocol bgp Mesh_${address.replaceAll('.', '_')} from bgp_template {
  neighbor ${address} as 64512;
  source address ${source};
  ttl security off;
  multihop;
  import filter {
    accept;
  };
  export filter {
    calico_export_to_bgp_peers(true);
    reject;
  };
}
`;
}

function take(key, value) {
  const { metadata, spec } = JSON.parse(value);
  const [address] = spec.bgp.ipv4Address.split('/');
  if (metadata.name === self) source = address;
  peers.set(key, metadata.name === self ? '' : peerText(address));
}

function write() {
  const body = [...peers.keys()].sort().map((key) => peers.get(key));
  const text = `router id ${source};\nfunction calico_export_to_bgp_peers(bool internal) { accept; }\n${body.join('')}`;
  if (text === written) return;
  const staged = `${file}.new`;
  const descriptor = openSync(staged, 'w');
  writeSync(descriptor, text);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(staged, file);
  written = text;
}

const etcd = new Etcd3({ hosts, grpcOptions: { 'grpc.max_receive_message_length': -1 } });
const listed = await etcd.getAll().prefix(prefix).exec();
if (process.argv[2] === 'range') {
  etcd.close();
  process.exit();
}
const values = listed.kvs.map((kv) => [kv.key.toString(), kv.value.toString()]);
const own = values.find(([key]) => key === prefix + self);
if (own) take(...own);
for (const [key, value] of values) take(key, value);
write();

if (process.argv[2] === 'once') {
  etcd.close();
} else {
  const next = BigInt(listed.header.revision) + 1n;
  const watcher = etcd.watch().prefix(prefix).startRevision(String(next)).watcher();
  watcher.on('data', ({ events }) => {
    for (const { type, kv } of events) {
      if (type === 'Delete') peers.delete(kv.key.toString());
      else take(kv.key.toString(), kv.value.toString());
    }
    write();
  });
}
