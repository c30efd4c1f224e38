import type { Secret } from './secret.ts';

/** A function as it stands in a live file. Its text is BIRD's: nothing here looks into it. */
export interface LiveFunction {
  readonly text: string;
  /** It is told whether the peer is internal. */
  readonly takesPeerType: boolean;
  /** It does nothing but reject. */
  readonly rejectsAll: boolean;
}

/**
 * What one family's files held before this pass, for what can only be kept and never be made anew. Reading it is dear, so it is asked
 * only when something is missing; the same files give the same objects.
 */
export interface LiveConfiguration {
  /** The password of the session of that name; null = there is no such session, or it has none that could be written again. */
  password(session: string): Secret | null;
  /** The function of that name; null = it is not there, or it could not stand in another file as it is. */
  filterFunction(symbol: string): LiveFunction | null;
}
