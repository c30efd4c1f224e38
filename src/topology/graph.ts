import { byBytes, byBytesOf } from '../core/order.ts';
import { type Fate, type Speaker, type SpokenSession, worseOf } from './speaker.ts';

/** One who speaks BGP: a node of the cluster, a router beside it, or a workload on a node. */
export interface Vertex {
  readonly id: string;
  /** For people: the node's name, or the address. */
  readonly name: string;
  readonly kind: 'node' | 'peer' | 'workload';
  /** Its own sessions are known, not only those of others with it. */
  readonly isSpeaker: boolean;
  readonly asNumber: number | null;
  readonly addresses: readonly string[];
  /** Set for a route reflector that has clients. */
  readonly clusterId: string | null;
}

/** One BGP session, whose ends may both be configured here. */
export interface LinkSession {
  readonly family: 4 | 6;
  /** The protocols at its ends, one or two. */
  readonly names: readonly string[];
  readonly fate: Fate;
  /** Both ends are known, and only one of them is configured: the session cannot come up. */
  readonly isOneSided: boolean;
}

/** All sessions between two. */
export interface Link {
  readonly a: Vertex;
  readonly b: Vertex;
  readonly isMesh: boolean;
  readonly sessions: readonly LinkSession[];
  /** The worst of them. */
  readonly fate: Fate;
}

/** Who speaks with whom; vertices by id, links by the ids of their ends. */
export interface Graph {
  readonly vertices: readonly Vertex[];
  readonly links: readonly Link[];
}

interface Half {
  readonly from: string;
  readonly session: SpokenSession;
}

/** The port that is meant where none is given. */
const DEFAULT_PORT = 179;

const portOf = ({ port }: SpokenSession): number => (port === DEFAULT_PORT ? 0 : port);

const isMesh = ({ name }: SpokenSession): boolean => name.startsWith('Mesh_');
const isWorkload = ({ name }: SpokenSession): boolean => name.startsWith('Local_Workload_');

/** An external one is known by address, port and AS: what two nodes expect of one address may differ, and then should be seen. */
function peerId(session: SpokenSession): string {
  const { neighbor, asNumber, name } = session;
  return neighbor === null ? `peer ${name}` : `peer ${neighbor} ${portOf(session)} ${asNumber ?? ''}`;
}

function peerOf(id: string, session: SpokenSession): Vertex {
  const { neighbor, asNumber, name } = session;
  const port = portOf(session);
  return {
    id,
    name: neighbor === null ? name : neighbor + (port === 0 ? '' : ` port ${port}`),
    kind: isMesh(session) ? 'node' : isWorkload(session) ? 'workload' : 'peer',
    isSpeaker: false,
    asNumber,
    addresses: neighbor === null ? [] : [neighbor],
    clusterId: null,
  };
}

const nodeOf = ({ name, asNumber, addresses, sessions }: Speaker): Vertex => ({
  id: `node ${name}`,
  name,
  kind: 'node',
  isSpeaker: true,
  asNumber,
  addresses,
  clusterId: sessions.find(({ clusterId }) => clusterId !== null)?.clusterId ?? null,
});

/** The halves that two ends have of the same sessions, put together. */
function sessionsOf(a: Vertex, b: Vertex, halves: readonly Half[]): readonly LinkSession[] {
  return ([4, 6] as const).flatMap((family) => {
    const ofEnd = ({ id }: Vertex) => halves.filter(({ from, session }) => from === id && session.family === family);
    const [mine, theirs] = [ofEnd(a), ofEnd(b)];
    return Array.from({ length: Math.max(mine.length, theirs.length) }, (_, i): LinkSession => {
      const ends = [mine[i], theirs[i]].filter((half) => half !== undefined);
      return {
        family,
        names: ends.map(({ session }) => session.name),
        fate: ends.map(({ session }) => session.fate).reduce(worseOf),
        isOneSided: ends.length === 1 && a.isSpeaker && b.isSpeaker,
      };
    });
  });
}

/** Puts the sessions of all nodes together: what one node calls a neighbor's address is the node that has it, or an external peer. */
export function graphOf(speakers: readonly Speaker[]): Graph {
  const sorted = [...speakers].sort(byBytesOf(({ name }) => name));
  const vertices = new Map(sorted.map((speaker) => [`node ${speaker.name}`, nodeOf(speaker)]));
  const holders = new Map<string, string>();
  for (const { id, addresses } of vertices.values()) {
    for (const address of addresses) if (!holders.has(address)) holders.set(address, id);
  }
  const pairs = new Map<string, { a: string; b: string; halves: Half[] }>();
  for (const speaker of sorted) {
    const from = `node ${speaker.name}`;
    for (const session of speaker.sessions) {
      const holder = holders.get(session.neighbor ?? '');
      const to = holder === undefined || holder === from ? peerId(session) : holder;
      if (!vertices.has(to)) vertices.set(to, peerOf(to, session));
      const [a, b] = byBytes(from, to) < 0 ? [from, to] : [to, from];
      const pair = pairs.get(`${a}\n${b}`) ?? { a, b, halves: [] };
      pair.halves.push({ from, session });
      pairs.set(`${a}\n${b}`, pair);
    }
  }
  const links = [...pairs].sort(byBytesOf(([key]) => key)).map(([, { a, b, halves }]): Link => {
    const [left, right] = [vertices.get(a)!, vertices.get(b)!];
    const sessions = sessionsOf(left, right, halves);
    const mesh = halves.some(({ session }) => isMesh(session));
    return { a: left, b: right, isMesh: mesh, sessions, fate: sessions.map(({ fate }) => fate).reduce(worseOf) };
  });
  return { vertices: [...vertices.values()].sort(byBytesOf(({ id }) => id)), links };
}
