import type { Graph } from './graph.ts';
import { FATES } from './speaker.ts';

const many = (count: number, one: string, more = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : more}`;

/** The picture in one sentence, for those who do not see it, too: `3 nodes, 1 external peer, 2 AS, 5 sessions: 1 restarted`. */
export function summaryOf({ vertices, links }: Graph): string {
  const sessions = links.flatMap((link) => link.sessions);
  const nodes = vertices.filter(({ kind }) => kind === 'node');
  const reflectors = nodes.filter(({ clusterId }) => clusterId !== null).length;
  const peers = vertices.filter(({ kind }) => kind === 'peer').length;
  const workloads = vertices.filter(({ kind }) => kind === 'workload').length;
  const oneSided = sessions.filter(({ isOneSided }) => isOneSided).length;
  const changes = FATES.filter((fate) => fate !== 'unchanged').flatMap((fate) => {
    const count = sessions.filter((session) => session.fate === fate).length;
    return count > 0 ? [`${count.toLocaleString('en')} ${fate === 'refiltered' ? 're-filtered' : fate}`] : [];
  });
  const parts = [
    many(nodes.length, 'node'),
    ...(reflectors > 0 ? [many(reflectors, 'route reflector')] : []),
    ...(peers > 0 ? [many(peers, 'external peer')] : []),
    ...(workloads > 0 ? [many(workloads, 'workload')] : []),
    `${new Set(vertices.map(({ asNumber }) => asNumber)).size} AS`,
    many(sessions.length, 'session') + (oneSided > 0 ? ` (${oneSided} on one side only)` : ''),
  ];
  return parts.join(', ') + (changes.length > 0 ? `: ${changes.join(', ')}` : '');
}
