import type { Diagnostic } from './core/diagnostic.ts';
import type { Approval } from './core/hold-kinds.ts';
import type { DataLayout } from './core/keys.ts';
import type { NamedText } from './core/named-text.ts';
import type { LastGood } from './datamodel/decode-entries.ts';
import type { Snapshot } from './datastore/datastore.ts';
import type { Bundle } from './render/bundle.ts';

/** What a snapshot becomes for one target. `bundle` is null when nothing may be written; the diagnostics say why. */
export interface Rendering {
  readonly bundle: Bundle | null;
  /** Of the data as a whole, and of this target; the other targets may tell more. */
  readonly diagnostics: readonly Diagnostic[];
  readonly lastGood: LastGood;
  /** The layout that the data were read in; null while there are none. Once it is known it stays, also across restarts. */
  readonly data: DataLayout | null;
  /** The Calico release whose rules were used, `3.33`, `0.22` for the v1 layout; null = the data name none, and the newest rules were. */
  readonly release: string | null;
  /** What the annotation `birdconfd/approve` lets through; null = nothing. */
  readonly approval: Approval | null;
  /** The names of the sessions whose password is missing and therefore the live file's, sorted. */
  readonly kept: readonly string[];
}

/** The unit of check, commit and reload: one BIRD daemon with all its files. From `Bundle` on, every kind of target is treated alike. */
export interface Target {
  /** "bird" or "bird6". */
  readonly name: string;
  /** The names of its files under `output`; the daemon is pointed at the first. */
  readonly fileNames: readonly [string, ...string[]];
  /** The absolute path of the file that the daemon is pointed at. */
  readonly configFile: string;
  /**
   * Pure; throws only on a bug in a template or in ours. `live`: this target's files as `readLive` finds them now, for what can only be
   * kept, not made anew (the password of a Secret that is gone); null = nothing there, or the data are to be judged alone.
   */
  render(snapshot: Snapshot, live: readonly NamedText[] | null): Rendering;
  /** Rejects with a StageError `check` when the daemon would refuse the files as they lie in `folder`. */
  check(folder: string, signal: AbortSignal): Promise<void>;
}
