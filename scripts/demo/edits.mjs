// What the demo changes in the cluster, one after the other: files of fixtures/demo/edits/<folder>, and what then has to be true.

export const NODES = [
  { name: 'node-a', address: '10.192.0.11/24' },
  { name: 'node-b', address: '10.192.0.12/24' },
  { name: 'node-c', address: '10.192.0.13/24' },
];
export const ROUTERS = [
  { name: 'router-1', address: '10.192.0.101/24' },
  { name: 'router-2', address: '10.192.0.102/24' },
];
const BLOCKS = [
  { prefix: '10.48.1.0/26', owner: 'node-a' },
  { prefix: '10.48.2.0/26', owner: 'node-b' },
  { prefix: '10.48.3.0/26', owner: 'node-c' },
];

/** Before the first edit: three nodes in a full mesh, and one of the routers. */
export const START = { nodes: NODES, routers: ROUTERS.slice(0, 1), blocks: BLOCKS };

const none = () => false;

/**
 * `files`: which of the input change. `router`: one that is told of the change as well, as its operator would.
 * `watched`: the node whose bird.conf is shown. `restarts`: which sessions the change may touch; all others must stay up.
 */
export const EDITS = [
  {
    folder: '1-second-router',
    title: 'A second external peer is added',
    files: ['peers.yaml'],
    router: null,
    watched: 'node-a',
    restarts: none,
    expected: { nodes: NODES, routers: ROUTERS, blocks: BLOCKS },
  },
  {
    folder: '2-other-as',
    title: 'That peer moves to another AS: only its own sessions start again',
    files: ['peers.yaml'],
    router: 'router-2',
    watched: 'node-a',
    restarts: (name) => name === 'Global_10_192_0_102',
    expected: { nodes: NODES, routers: ROUTERS, blocks: BLOCKS },
  },
  {
    folder: '3-second-pool',
    title: 'A second pool is added, and node-b takes a block of it',
    files: ['addresses.yaml'],
    router: null,
    watched: 'node-b',
    restarts: none,
    expected: { nodes: NODES, routers: ROUTERS, blocks: [...BLOCKS, { prefix: '10.49.7.64/26', owner: 'node-b' }] },
  },
];
