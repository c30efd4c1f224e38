// Writes the data of three nodes in a mesh, each with a block of addresses, as Calico's own programs write them.
//   node seed.mjs http://ETCD:2379
const [etcd] = process.argv.slice(2);
const RESOURCES = '/calico/resources/v3/projectcalico.org';
const nodes = ['node-a', 'node-b', 'node-c'];

const resource = (kind, folder, name, spec) => [
  `${RESOURCES}/${folder}/${name}`,
  { apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec },
];

const entries = [
  resource('ClusterInformation', 'clusterinformations', 'default', { calicoVersion: 'v3.31.0' }),
  resource('IPPool', 'ippools', 'pods', { cidr: '10.65.0.0/16' }),
  ...nodes.flatMap((name, i) => [
    resource('Node', 'nodes', name, { bgp: { ipv4Address: `172.30.0.${11 + i}/24` } }),
    [`/calico/ipam/v2/host/${name}/ipv4/block/10.65.${i}.0-26`, { state: 'confirmed' }],
  ]),
];

const base64 = (text) => Buffer.from(text).toString('base64');
for (const [key, value] of entries) {
  const body = JSON.stringify({ key: base64(key), value: base64(JSON.stringify(value)) });
  const answer = await fetch(new URL('/v3/kv/put', etcd), { method: 'POST', body });
  if (!answer.ok) throw new Error(`${key}: ${answer.status} ${await answer.text()}`);
}
console.log(`${entries.length} keys written to ${etcd}`);
