// The floor of generic mode: the least that a program on Node and etcd3 must do to keep 50 files in step with 2,000 keys, and to tell their
// service. No conf.d, no templates, no ledger, no recovery.
//   FLOOR_ENDPOINT=http://… FLOOR_OUTPUT=DIR node confd-floor.mjs once|watch
import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Etcd3 } from 'etcd3';

const { FLOOR_ENDPOINT: hosts, FLOOR_OUTPUT: output } = process.env;
/** Resource → its keys and values. */
const resources = new Map();
const written = new Map();

function take(key, value) {
  const name = key.split('/')[2];
  if (!resources.has(name)) resources.set(name, new Map());
  const values = resources.get(name);
  if (value === null) values.delete(key);
  else values.set(key, value);
  return name;
}

function write(name) {
  const values = resources.get(name);
  const backends = [...values].filter(([key]) => key.includes('/backends/')).sort();
  const lines = backends.map(([key, value]) => `server ${basename(key)} ${value};\n`);
  const text = `serial ${values.get(`/bench/${name}/serial`)};\n${lines.join('')}`;
  if (written.get(name) === text) return false;
  const file = join(output, `${name}.conf`);
  const descriptor = openSync(`${file}.new`, 'w');
  writeSync(descriptor, text);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(`${file}.new`, file);
  written.set(name, text);
  return true;
}

function apply(names) {
  const changed = [...names].map(write).some(Boolean);
  if (changed) spawnSync('/bin/sh', ['-c', `echo reloaded >> ${join(output, 'reloads')}`]);
}

const etcd = new Etcd3({ hosts });
const listed = await etcd.getAll().prefix('/bench/').exec();
for (const { key, value } of listed.kvs) take(key.toString(), value.toString());
apply(resources.keys());
if (process.argv[2] === 'once') {
  etcd.close();
} else {
  const next = BigInt(listed.header.revision) + 1n;
  const watcher = etcd.watch().prefix('/bench/').startRevision(String(next)).watcher();
  watcher.on('data', ({ events }) =>
    apply(
      new Set(events.map(({ type, kv }) => take(kv.key.toString(), type === 'Delete' ? null : kv.value.toString()))),
    ),
  );
}
