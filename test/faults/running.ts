import type { LabBird } from '../../scripts/lab/lab.mjs';

/** What a configuration, or a BIRD, has of what changes most: sessions with neighbor and AS number, and the blocks of this node. */
export interface Shape {
  readonly sessions: readonly string[];
  readonly blocks: readonly string[];
}

/** Of the text of a bird.conf. */
export function shapeOf(text: string): Shape {
  const sessions = text.matchAll(/^protocol bgp (\S+) from \S+ \{\s+neighbor (\S+) as (\d+);/gm);
  const blocks = text.matchAll(/^ {2}route (\S+) blackhole;/gm);
  return {
    sessions: [...sessions].map(([, name, neighbor, as]) => `${name} ${neighbor} ${as}`).sort(),
    blocks: [...blocks].map(([, block]) => block ?? '').sort(),
  };
}

/** Of a BIRD, by its own word. */
export async function shapeShown(bird: LabBird): Promise<Shape> {
  const sessions: string[] = [];
  for (const line of await bird.ask('show protocols all')) {
    const [, name, address, as] = /^(\S+) +BGP |Neighbor address: +(\S+)|Neighbor AS: +(\d+)/.exec(line) ?? [];
    if (name !== undefined) sessions.push(name);
    else if (address !== undefined || as !== undefined) sessions.push(`${sessions.pop()} ${address ?? as}`);
  }
  const routes = (await bird.routes()).filter(
    ({ via, protocol }) => via === 'blackhole' && protocol.startsWith('static'),
  );
  return {
    sessions: sessions.sort(),
    blocks: routes.map(({ prefix }) => prefix).sort(),
  };
}

/** Rejects when BIRD does not run what `text` says. */
export async function mustRun(bird: LabBird, text: string): Promise<void> {
  const [shown, wanted] = [JSON.stringify(await shapeShown(bird)), JSON.stringify(shapeOf(text))];
  if (shown !== wanted) throw new Error(`BIRD runs ${shown}, its file says ${wanted}`);
}
