/** What a change does to a session; `unchanged` also where nothing is compared. */
export type Fate = 'unchanged' | 'refiltered' | 'added' | 'restarted' | 'removed';

/** From what nobody notices to what takes routes away. */
export const FATES = ['unchanged', 'refiltered', 'added', 'restarted', 'removed'] as const satisfies readonly Fate[];

/** The one of two fates that people must know of. */
export const worseOf = (a: Fate, b: Fate): Fate => (FATES.indexOf(a) < FATES.indexOf(b) ? b : a);

/** One session as one end is configured. */
export interface SpokenSession {
  /** The protocol's; its first word says why it is there: `Mesh_192_0_2_2`. */
  readonly name: string;
  readonly family: 4 | 6;
  /** The other end's address; null = the configuration does not say. */
  readonly neighbor: string | null;
  /** 0 = not given. */
  readonly port: number;
  /** The other end's AS. */
  readonly asNumber: number | null;
  /** Set where the speaker reflects routes to the other end: its cluster id. */
  readonly clusterId: string | null;
  readonly fate: Fate;
}

/** One node with all its sessions of both families. */
export interface Speaker {
  readonly name: string;
  readonly asNumber: number | null;
  /** Under which the others know it; also those that it leaves. */
  readonly addresses: readonly string[];
  readonly sessions: readonly SpokenSession[];
}
