// What has to be true of the network at one point of the demo, and what its BIRDs say of it.

const symbol = (address) => address.replaceAll('.', '_');
const hostOf = ({ address }) => address.split('/')[0];

/** Where a prefix comes from and who must have it: `{prefix, owner}` for each block, `nodes` and `routers` as {name, address}. */
export function expectedRoutes({ nodes, routers, blocks }) {
  return blocks.flatMap(({ prefix, owner }) => {
    const via = `via ${hostOf(nodes.find((node) => node.name === owner))} on eth0`;
    return [...nodes, ...routers].map(({ name }) => ({ on: name, prefix, via: name === owner ? 'blackhole' : via }));
  });
}

/** The names that a node's sessions must have: the mesh, and the global peers. */
export function expectedSessions({ nodes, routers }) {
  return nodes.flatMap((node) => [
    ...nodes
      .filter((other) => other !== node)
      .map((other) => ({ on: node.name, name: `Mesh_${symbol(hostOf(other))}` })),
    ...routers.map((router) => ({ on: node.name, name: `Global_${symbol(hostOf(router))}` })),
  ]);
}

/** The BGP sessions of each of `birds` (name → LabBird): BIRD's row, `on` for whose it is, and how often it went down so far. */
export async function sessionsOf(birds) {
  const rows = await Promise.all(
    [...birds].map(async ([on, bird]) =>
      (await bird.protocols()).map((row) => ({ on, ...row, timesDown: bird.timesDown(row.name) })),
    ),
  );
  return rows.flat().filter((row) => row.proto === 'BGP');
}

/** In words, which of the expected sessions are not Established, and which there are that nobody expects. */
export async function missingSessions(birds, expected) {
  const rows = await sessionsOf(birds);
  const find = (list, { on, name }) => list.find((row) => row.on === on && row.name === name);
  const unwanted = rows.filter((row) => !find(expected, row)).map(({ on, name }) => `${on} still has ${name}`);
  const waiting = expected.filter((wanted) => find(rows, wanted)?.info !== 'Established');
  return [...waiting.map(({ on, name }) => `${on} ${name} (${find(rows, { on, name })?.info || 'none'})`), ...unwanted];
}

/** In words, which of the expected routes are not there. */
export async function missingRoutes(birds, expected) {
  const tables = new Map(await Promise.all([...birds].map(async ([name, bird]) => [name, await bird.routes()])));
  return expected
    .filter(({ on, prefix, via }) => !tables.get(on)?.some((route) => route.prefix === prefix && route.via === via))
    .map(({ on, prefix }) => `${on} ${prefix}`);
}
