// Clusters of other shapes than a full mesh: key → value, as cluster.mjs gives them.
import { cluster, nodeAddress, nodeKey, nodeValue, resource, resources } from './cluster.mjs';

const address = (index) => `172.${16 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
const own = 'node-00000';

const withoutMesh = (entries) => {
  const key = `${resources}bgpconfigurations/default`;
  const value = resource('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false, asNumber: 64512 });
  return { ...entries, [key]: value };
};

/** `n` nodes that speak with three route reflectors. */
function reflectors(n) {
  const entries = withoutMesh(cluster(n));
  for (let i = 1; i <= 3; i++) {
    const value = JSON.parse(nodeValue(i));
    value.metadata.labels = { reflector: 'yes' };
    value.spec.bgp.routeReflectorClusterID = '192.0.2.1';
    entries[nodeKey(i)] = JSON.stringify(value);
  }
  const spec = { nodeSelector: 'all()', peerSelector: "reflector == 'yes'" };
  entries[`${resources}bgppeers/reflectors`] = resource('BGPPeer', 'reflectors', spec);
  return entries;
}

/** `n` explicit peers and a tenth as many filters; each peer uses two of them, so each filter serves 20. */
function peers(n) {
  const entries = withoutMesh(cluster(1));
  const filters = Math.max(1, Math.round(n / 10));
  const filterName = (index) => `filter-${String(index % filters).padStart(4, '0')}`;
  for (let i = 0; i < filters; i++) {
    const rule = { action: 'Reject', matchOperator: 'In', cidr: `${address(i)}/32` };
    const spec = { importV4: [rule, { action: 'Accept' }], exportV4: [{ ...rule, matchOperator: 'NotIn' }] };
    entries[`${resources}bgpfilters/${filterName(i)}`] = resource('BGPFilter', filterName(i), spec);
  }
  for (let i = 0; i < n; i++) {
    const name = `peer-${String(i).padStart(5, '0')}`;
    const spec = { node: own, peerIP: address(i + 1), asNumber: 65001, filters: [filterName(i), filterName(i + 1)] };
    entries[`${resources}bgppeers/${name}`] = resource('BGPPeer', name, spec);
  }
  return entries;
}

function pools(n) {
  const entries = cluster(10);
  for (let i = 0; i < n; i++) {
    const name = `pool-${String(i).padStart(5, '0')}`;
    const spec = {
      cidr: `${address(i)}/32`,
      blockSize: 32,
      ipipMode: 'Never',
      vxlanMode: 'Never',
      nodeSelector: 'all()',
    };
    entries[`${resources}ippools/${name}`] = resource('IPPool', name, spec);
  }
  return entries;
}

function blocks(n) {
  const entries = cluster(10);
  const value = JSON.stringify({ state: 'confirmed', deleted: false });
  const block = (i) => `11.${(i >> 10) & 255}.${(i >> 2) & 255}.${(i & 3) * 64}-26`;
  for (let i = 0; i < n; i++) entries[`/calico/ipam/v2/host/${own}/ipv4/block/${block(i)}`] = value;
  return entries;
}

/** One more of what the shape has many of: its key and value, and which file then says what. */
const reflector = (i) => {
  const value = JSON.parse(nodeValue(60_000 + i));
  value.metadata.labels = { reflector: 'yes' };
  value.spec.bgp.routeReflectorClusterID = '192.0.2.1';
  return {
    key: nodeKey(60_000 + i),
    value: JSON.stringify(value),
    file: 'bird.cfg',
    text: `neighbor ${nodeAddress(60_000 + i)} `,
  };
};
const explicitPeer = (i) => {
  const spec = { node: own, peerIP: `172.31.0.${i + 1}`, asNumber: 65001, filters: ['filter-0000'] };
  const name = `more-${i}`;
  const key = `${resources}bgppeers/${name}`;
  return { key, value: resource('BGPPeer', name, spec), file: 'bird.cfg', text: `neighbor ${spec.peerIP} ` };
};
const pool = (i) => {
  const spec = { cidr: `172.31.0.${i + 1}/32`, blockSize: 32, nodeSelector: 'all()' };
  const name = `more-${i}`;
  return {
    key: `${resources}ippools/${name}`,
    value: resource('IPPool', name, spec),
    file: 'bird_ipam.cfg',
    text: spec.cidr,
  };
};
const block = (i) => ({
  key: `/calico/ipam/v2/host/${own}/ipv4/block/12.0.${i}.0-26`,
  value: JSON.stringify({ state: 'confirmed', deleted: false }),
  file: 'bird_aggr.cfg',
  text: `12.0.${i}.0/26`,
});

/** By name: the size that is asked for, what makes it, and one more. Each is measured at this size and at half of it. */
export const SHAPES = {
  'nodes behind reflectors': { size: 5_000, of: reflectors, more: reflector },
  'peers with filters': { size: 2_000, of: peers, more: explicitPeer },
  pools: { size: 10_000, of: pools, more: pool },
  blocks: { size: 10_000, of: blocks, more: block },
};
