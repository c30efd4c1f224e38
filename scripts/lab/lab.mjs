// A network of namespaces around one bridge. The contracts are in lab.d.mts.
import { startBird } from './bird.mjs';
import { openNamespace } from './namespace.mjs';

/** @type {typeof import('./lab.d.mts').labUp} */
export async function labUp({ nodes: specs }) {
  const bridge = await openNamespace();
  const namespaces = [bridge];
  const nodes = new Map();
  const birds = [];
  let ports = 0;

  const addNode = async ({ name, address }) => {
    if (nodes.has(name)) throw new Error(`the lab has a node ${name} already`);
    const namespace = await openNamespace();
    namespaces.push(namespace);
    const { pid, ip } = namespace;
    const port = `port${ports++}`;
    await bridge.ip(`link add ${port} type veth peer name eth0 netns ${pid}`, `link set ${port} master br0 up`);
    // Without `nodad` an IPv6 address is of no use in its first second.
    const nodad = address.includes(':') ? ' nodad' : '';
    await ip('link set lo up', `addr add ${address} dev eth0${nodad}`, 'link set eth0 up');
    const start = async (options) => {
      const bird = await startBird(pid, options);
      birds.push(bird);
      return bird;
    };
    const node = { name, address, pid, ip, startBird: start };
    nodes.set(name, node);
    return node;
  };
  const node = (name) => {
    const found = nodes.get(name);
    if (!found) throw new Error(`the lab has no node ${name}`);
    return found;
  };
  const down = async () => {
    await Promise.all(birds.map((bird) => bird.stop()));
    await Promise.all(namespaces.map((namespace) => namespace.close()));
  };

  try {
    await bridge.ip('link add br0 type bridge', 'link set br0 up');
    for (const spec of specs) await addNode(spec);
  } catch (error) {
    await down();
    throw error;
  }
  return { nodes, node, addNode, down };
}
