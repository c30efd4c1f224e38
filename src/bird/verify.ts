import type { DaemonObservation } from './daemon-session.ts';
import type { DaemonProtocol } from './protocol-table.ts';
import { isSameMoment } from './same-moment.ts';

/** What the change is meant to do, by the meaning of the two configuration texts. */
export interface Expected {
  /** Every protocol that the configuration defines (`readConfiguration`). */
  readonly names: readonly string[];
  /** Protocols that come, go or start again: all others are left alone, or only filter again. */
  readonly changed: ReadonlySet<string>;
  /** Protocols whose import side changed. */
  readonly reimported: readonly string[];
}

/** Something that the change broke, by evidence on this machine: a reason to go back. */
export interface Problem {
  readonly kind: 'missing' | 'unexpected' | 'session-down' | 'imports-lost';
  /** The protocol; null where it is all of them together. */
  readonly protocol: string | null;
  /** For people: names the protocol and what BIRD says of it. */
  readonly message: string;
}

/**
 * Whether the reason that a session is down lies in this BIRD and its configuration, and not with the neighbor or the way to it.
 * What BIRD 1.6.8 was seen to say (`test/daemon/verify.test.ts` makes each of it happen):
 *
 * | the session fell because | state | last error | local |
 * |---|---|---|---|
 * | our reconfiguration restarted it | start, down | none | yes |
 * | `disable`, `restart` here | down, start | none | yes |
 * | our import limit | down | `Automatic shutdown: Route limit exceeded` | yes |
 * | no listening socket, next hop or MD5 key that the kernel takes | start | `Error: …` | yes |
 * | the neighbor's process was killed | start | `Socket: Connection closed`, `Received: Cease` | no |
 * | it is not there | start | `Socket: Connection refused`, `Socket: Connection reset by peer` | no |
 * | it stopped, or disabled the session | start | `Received: Administrative shutdown` | no |
 * | it restarted the session | start | `Received: Administrative reset` | no |
 * | it removed us, or gave us another name | start | `Received: Peer de-configured` | no |
 * | it was reconfigured | start | `Received: Other configuration change` | no |
 * | it has another AS, or router id, than it had | start | `BGP Error: Bad peer AS`, `BGP Error: Bad BGP identifier` | no |
 * | it hangs; its link, ours, or our address is gone (multihop) | stop, start | `BGP Error: Hold timer expired`, `Socket: Network is unreachable` | no |
 * | our link is down (direct) | start | `Error: Neighbor lost` | no |
 * | it came back while the session was up here | start | `Error: Graceful restart` | no |
 *
 * BIRD forgets the error when it ends a session itself, so that none means that. A second later, after the first new attempt, the
 * error is the attempt's: look at once.
 */
function isLocalFault({ lastError }: DaemonProtocol): boolean {
  if (lastError === null || lastError.startsWith('Automatic shutdown:')) return true;
  return LOCAL_ERRORS.has(lastError);
}

const LOCAL_ERRORS: ReadonlySet<string> = new Set([
  'Error: No listening socket',
  'Error: Invalid next hop',
  'Error: Kernel MD5 auth failed',
]);

type ByName = ReadonlyMap<string, DaemonProtocol>;

function byName({ protocols }: DaemonObservation): ByName {
  const found = new Map<string, DaemonProtocol>();
  for (const protocol of protocols) found.set(protocol.name, protocol);
  return found;
}

function differentNames(running: ByName, { names }: Expected): readonly Problem[] {
  const wanted = new Set(names);
  const missing = names.filter((name) => !running.has(name));
  const unexpected = [...running.keys()].filter((name) => !wanted.has(name));
  return [
    ...missing.map((name) => problem('missing', name, `BIRD does not run ${name}, which its configuration defines`)),
    ...unexpected.map((name) =>
      problem('unexpected', name, `BIRD runs ${name}, which its configuration does not define`),
    ),
  ];
}

const problem = (kind: Problem['kind'], protocol: string | null, message: string): Problem => ({
  kind,
  protocol,
  message,
});

/** Sessions that were Established before and that the change should not have touched: before and after. */
function untouched(before: DaemonObservation, now: ByName, { changed }: Expected) {
  return before.protocols
    .filter(({ name, established }) => established && !changed.has(name))
    .flatMap((was) => {
      const is = now.get(was.name);
      return is ? [{ was, is }] : []; // one that is missing is told as such
    });
}

/**
 * Routes learned, before and after, by the sessions that stayed up all the while: one that fell and rose has to learn anew.
 * Null where none of them is filtered again, so that the change cannot be the reason for what they have lost.
 */
function imports(before: DaemonObservation, now: ByName, expected: Expected) {
  if (expected.reimported.length === 0) return null;
  const stayed = untouched(before, now, expected).filter(
    ({ was, is }) => is.established && isSameMoment(was.since, is.since),
  );
  if (!stayed.some(({ is }) => expected.reimported.includes(is.name))) return null;
  const sum = (of: 'was' | 'is') => stayed.reduce((all, each) => all + (each[of].importedRoutes ?? 0), 0);
  return { before: sum('was'), after: sum('is') };
}

/**
 * Whether the change may still cost every learned route although `verify` finds nothing yet: the neighbors are asked for their
 * routes again, and that takes its time. Look again for about two seconds; false when there is nothing to wait for.
 */
export function importsInDoubt(before: DaemonObservation, after: DaemonObservation, expected: Expected): boolean {
  const routes = imports(before, byName(after), expected);
  return routes !== null && routes.before > 0 && routes.after > 0;
}

/**
 * What a change broke, from what BIRD said before it and as soon as it ran with it. Evidence is local: a session that the neighbor
 * or the link took down in the same moment is no problem of the change (see `isLocalFault`). Pure; [] is a good change.
 */
export function verify(before: DaemonObservation, after: DaemonObservation, expected: Expected): readonly Problem[] {
  const now = byName(after);
  const down = untouched(before, now, expected)
    .filter(({ is }) => !is.established && isLocalFault(is))
    .map(({ is }) => {
      const why = is.lastError ?? 'BIRD ended it itself';
      return problem('session-down', is.name, `${is.name} was Established and is ${is.state} after the change: ${why}`);
    });
  return [...differentNames(now, expected), ...down, ...lostImports(imports(before, now, expected))];
}

function lostImports(routes: ReturnType<typeof imports>): readonly Problem[] {
  if (routes === null || routes.before === 0 || routes.after > 0) return [];
  const message = `none of ${routes.before} routes that the neighbors had told is left, after a change to what is let in`;
  return [problem('imports-lost', null, message)];
}
