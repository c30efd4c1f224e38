import type { Self } from '../../src/bgp/node-bgp.ts';

/** Who a node is to the BGP rules, with plain defaults: Calico 3.33, no IPIP tunnel in its BIRD, passwords that must be there. */
export const selfFor = (nodeName: string, overrides: Partial<Self> = {}): Self => ({
  nodeName,
  routerId: null,
  kernelTunnel: false,
  usePodCidr: false,
  release: { minor: 33, patch: 0 },
  passwords: { namespace: 'kube-system', allowMissing: false },
  clusterIps: null,
  kubernetesNode: nodeName,
  ...overrides,
});
