import { type Lab, type LabNode, labUp } from '../../scripts/lab/lab.mjs';
import { block, information, node, pool } from '../support/cluster.ts';

/** What each machine is called, and where it and its pods are. */
export const A = {
  name: 'node-a',
  address: '10.0.0.1',
  address6: 'fd00::1',
  pod: '10.65.0.2',
  pod6: 'fd65::2',
} as const;
export const B = { name: 'node-b', address: '10.0.0.2', address6: 'fd00::2' } as const;
export const STORE = { name: 'store', address: '10.0.0.9', address6: 'fd00::9' } as const;

/** The blocks of A's pods. */
export const BLOCK = '10.65.0.0/26';
export const BLOCK6 = 'fd65::/122';

/** A mesh of two; A has a block of each family. */
export const TWO_NODES = [
  information('v3.33.0'),
  ...[A, B].map(({ name, address, address6 }) => node(name, `${address}/24`, { ipv6Address: `${address6}/64` })),
  pool('pool-4', '10.65.0.0/16'),
  pool('pool-6', 'fd65::/48'),
  block(A.name, BLOCK),
  block(A.name, BLOCK6),
] as const;

/** The two machines and the datastore's, and a pod on A. */
export async function twoNodeLab(): Promise<{ lab: Lab; a: LabNode; b: LabNode; store: LabNode }> {
  const machines = [A, B, STORE];
  const lab = await labUp({ nodes: machines.map(({ name, address }) => ({ name, address: `${address}/24` })) });
  try {
    for (const { name, address6 } of machines) await lab.node(name).ip(`addr add ${address6}/64 dev eth0 nodad`);
    const [a, b, store] = [lab.node(A.name), lab.node(B.name), lab.node(STORE.name)];
    await a.ip(
      'link add cali0 type veth peer name pod0',
      'link set pod0 up',
      'link set cali0 up',
      `addr add ${A.pod}/32 dev cali0`,
      `addr add ${A.pod6}/128 dev cali0 nodad`,
    );
    return { lab, a, b, store };
  } catch (error) {
    await lab.down();
    throw error;
  }
}
