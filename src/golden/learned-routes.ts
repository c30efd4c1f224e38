import { byBytesOf } from '../core/order.ts';

/** A route that a BIRD learned over BGP. */
export interface LearnedRoute {
  readonly prefix: string;
  /** The session that it came over. */
  readonly from: string;
  /** The next hop in use, `unreachable` where there is none. */
  readonly via: string;
  /** The one that is used, out of several for the prefix. */
  readonly best: boolean;
  /** BGP attributes as BIRD names and prints them: `as_path`, `local_pref`, `community` … */
  readonly attributes: Readonly<Record<string, string>>;
}

/** `10.0.0.0/26 via 192.0.2.1 on eth0 [Mesh_192_0_2_1 12:00:00 from 192.0.2.9] * (100/0) [AS64512i]` */
const ROUTE = /^(\S*)\s+(via \S+|\S+).*?\[(\S+) [^\]]*\] (\* )?\(/;
const ATTRIBUTE = /^\s+BGP\.(\w+):\s*(.*?)\s*$/;

/** The routes of some sessions out of the answer to `show route all` of BIRD 1.6, sorted by prefix, then session. Times are left out. */
export function readLearned(lines: readonly string[], sessions: ReadonlySet<string>): readonly LearnedRoute[] {
  const routes: { prefix: string; from: string; via: string; best: boolean; attributes: Record<string, string> }[] = [];
  let prefix = '';
  for (const line of lines) {
    const attribute = ATTRIBUTE.exec(line);
    const route = attribute ? null : ROUTE.exec(line);
    const last = routes.at(-1);
    if (route) {
      prefix = route[1] || prefix;
      const via = route[2]?.replace(/^via /, '') ?? '';
      routes.push({ prefix, from: route[3] ?? '', via, best: route[4] !== undefined, attributes: {} });
    } else if (attribute?.[1] && last) last.attributes[attribute[1]] = attribute[2] ?? '';
  }
  return routes.filter(({ from }) => sessions.has(from)).sort(byBytesOf((route) => `${route.prefix} ${route.from}`));
}
