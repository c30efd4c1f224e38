// A cluster of N nodes in a full mesh, as etcd holds it: key → value (JSON text).
//   node bench/cluster.mjs N [--node K]      prints it as one JSON object; K's are the block affinities (default 0)
import { fileURLToPath } from 'node:url';

export const resources = '/calico/resources/v3/projectcalico.org/';

export const nodeName = (index) => `node-${String(index).padStart(5, '0')}`;

/** The BGP address of a node: 10.64.0.1, 10.64.0.2 … of one /10, each stated with a /16 subnet. */
export const nodeAddress = (index) => {
  const number = index + 1;
  return `10.${64 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
};

export const nodeKey = (index) => `${resources}nodes/${nodeName(index)}`;

export function resource(kind, name, spec) {
  return JSON.stringify({
    kind,
    apiVersion: 'projectcalico.org/v3',
    metadata: { name, uid: `00000000-0000-4000-8000-${name.padStart(12, '0').slice(-12)}`, creationTimestamp: null },
    spec,
  });
}

export const nodeValue = (index) =>
  resource('Node', nodeName(index), {
    bgp: { ipv4Address: `${nodeAddress(index)}/16`, ipv4IPIPTunnelAddr: `192.168.${index & 255}.1` },
    orchRefs: [{ nodeName: nodeName(index), orchestrator: 'k8s' }],
  });

/** @returns {Record<string, string>} every key that `own` (an index) and its peers need, in key order */
export function cluster(nodes, own = 0) {
  const entries = [
    [
      `${resources}bgpconfigurations/default`,
      resource('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: true, asNumber: 64512 }),
    ],
    [
      `${resources}clusterinformations/default`,
      resource('ClusterInformation', 'default', { calicoVersion: 'v3.30.0', datastoreReady: true }),
    ],
    [
      `${resources}ippools/default-ipv4-ippool`,
      resource('IPPool', 'default-ipv4-ippool', {
        cidr: '192.168.0.0/16',
        blockSize: 26,
        ipipMode: 'Always',
        natOutgoing: true,
        nodeSelector: 'all()',
        vxlanMode: 'Never',
      }),
    ],
    ...[0, 64, 128, 192].map((last) => [
      `/calico/ipam/v2/host/${nodeName(own)}/ipv4/block/192.168.${own & 255}.${last}-26`,
      JSON.stringify({ state: 'confirmed', deleted: false }),
    ]),
    ...Array.from({ length: nodes }, (_, index) => [nodeKey(index), nodeValue(index)]),
  ];
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [nodes, flag, own] = process.argv.slice(2);
  if (!/^\d+$/.test(nodes ?? '') || (flag !== undefined && flag !== '--node')) {
    console.error('usage: node bench/cluster.mjs N [--node K]');
    process.exitCode = 1;
  } else {
    console.log(JSON.stringify(cluster(Number(nodes), Number(own ?? 0)), null, 1));
  }
}
