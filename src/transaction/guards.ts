import { inventoryOf, poolActionChanges } from '../bird/inventory.ts';
import type { Meaning } from '../bird/meaning.ts';
import type { BirdText } from '../bird/pieces.ts';
import { readConfiguration } from '../bird/protocols.ts';
import type { HoldKind } from '../core/hold-kinds.ts';
import { byBytes } from '../core/order.ts';

/** How much a plan may take away before it is held. Shares are of what runs now, 0..1; more is never reached: that guard is off. */
export interface Limits {
  /** After everything was read anew: of sessions, blocks or pools, each by itself. */
  readonly gone: number;
  /** But never fewer than this many are too many. */
  readonly goneAtLeast: number;
  /** Of the sessions, where more than `restartsAtLeast` run. */
  readonly restarts: number;
  readonly restartsAtLeast: number;
  /** Whether the last session may not go. */
  readonly lastPeer: boolean;
}

/** A plan, as the guards judge it. */
export interface Proposal {
  readonly before: BirdText;
  readonly after: BirdText;
  readonly meaning: Meaning;
  /** Nothing was ever confirmed here: what runs is another's. `running`: the sessions that BIRD shows, [] when it cannot be asked. */
  readonly takeover: { readonly running: readonly string[] } | null;
  /** The data were read as a whole since the last plan went through: what is missing may only be missing from that reading. */
  readonly isReread: boolean;
  /** The Calico release of the rules in effect and of the last confirmed bundle's; null = unknown. */
  readonly release: { readonly now: string | null; readonly confirmed: string | null };
}

export interface Tripped {
  readonly kind: HoldKind;
  /** For people: what would happen. */
  readonly why: string;
}

const sessionsIn = (text: BirdText): readonly string[] =>
  readConfiguration(text).groups.flatMap((group) => group.flatMap(({ type, name }) => (type === 'bgp' ? [name] : [])));

const hasSessions = (text: BirdText): boolean =>
  readConfiguration(text).groups.some((group) => group.some(({ type }) => type === 'bgp'));

const some = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');

/** Pools whose routes are treated in another way, or not at all any more. */
function changedPools(before: BirdText, after: BirdText): readonly string[] {
  const [was, is] = [inventoryOf(before), inventoryOf(after)];
  const gone = [...was.pools.keys()].filter((cidr) => !is.pools.has(cidr));
  return [...gone, ...poolActionChanges(was, is)].sort(byBytes);
}

function takeover({ before, after, meaning, takeover: first }: Proposal): string | null {
  if (!first) return null;
  const running = new Set(first.running);
  const isSession = (name: string) =>
    running.has(name) || readConfiguration(before).protocols.get(name)?.type === 'bgp';
  const unplanned = first.running.filter((name) => readConfiguration(after).protocols.get(name)?.type !== 'bgp');
  const removed = [...new Set([...meaning.removed.filter(isSession), ...unplanned])];
  const restarted = meaning.restarted.filter(isSession);
  const pools = changedPools(before, after);
  const all = [
    ...(removed.length > 0 ? [`remove ${some(removed)}`] : []),
    ...(restarted.length > 0 ? [`restart ${some(restarted)}`] : []),
    ...(pools.length > 0 ? [`change what happens to routes of ${some(pools)}`] : []),
  ];
  return all.length > 0 ? `the first plan on this node would ${all.join(', ')}` : null;
}

function lastPeer({ before, after }: Proposal, { lastPeer: isOn }: Limits): string | null {
  if (!isOn || hasSessions(after)) return null;
  const sessions = sessionsIn(before);
  return sessions.length > 0 ? `no session would be left of ${some(sessions)}` : null;
}

function manyGone({ before, after, isReread }: Proposal, { gone: share, goneAtLeast }: Limits): string | null {
  if (!isReread || before === '') return null;
  const [was, is] = [inventoryOf(before), inventoryOf(after)];
  const kinds = [
    ['sessions', [...was.sessions], is.sessions],
    ['blocks', [...was.blocks], is.blocks],
    ['pools', [...was.pools.keys()], new Set(is.pools.keys())],
  ] as const;
  const all = kinds.flatMap(([what, names, left]) => {
    const missing = names.filter((name) => !left.has(name)).length;
    return missing > Math.max(goneAtLeast, share * names.length) ? [`${missing} of ${names.length} ${what}`] : [];
  });
  return all.length > 0 ? `${all.join(', ')} are missing since the data were read anew` : null;
}

function manyRestarts({ before, meaning }: Proposal, { restarts: share, restartsAtLeast }: Limits): string | null {
  if (meaning.restarted.length <= restartsAtLeast * share) return null;
  const sessions = new Set(sessionsIn(before));
  const restarted = meaning.restarted.filter((name) => sessions.has(name)).length;
  const isMany = sessions.size > restartsAtLeast && restarted > share * sessions.size;
  return isMany ? `${restarted} of ${sessions.size} sessions would restart` : null;
}

/** Pod routes would leave the kernel where the rules turn round under a guessed or changing release (spec calico-releases). */
function releaseOf({ before, after, release: { now, confirmed } }: Proposal): Tripped | null {
  const isKnown = now !== null;
  if (isKnown && (confirmed === null || confirmed === now)) return null;
  const pools = changedPools(before, after);
  if (pools.length === 0) return null;
  const what = `would change what happens to routes of ${some(pools)}`;
  if (!isKnown)
    return { kind: 'release-unknown', why: `the data name no Calico release, and the newest one's rules ${what}` };
  return { kind: 'release-changed', why: `the data went from Calico ${confirmed} to ${now}, whose rules ${what}` };
}

/** The guards that a plan trips, in the order of HOLD_KINDS; [] = it may go through. Pure. Counting costs nothing in plans that only add. */
export function trippedGuards(proposal: Proposal, limits: Limits): readonly Tripped[] {
  const found: readonly (readonly [HoldKind, string | null])[] = [
    ['takeover', takeover(proposal)],
    ['no-peers', lastPeer(proposal, limits)],
    ['many-gone', manyGone(proposal, limits)],
    ['many-restarts', manyRestarts(proposal, limits)],
  ];
  const release = proposal.takeover ? null : releaseOf(proposal);
  const tripped = found.flatMap(([kind, why]) => (why === null ? [] : [{ kind, why }]));
  return release ? [...tripped, release] : tripped;
}
