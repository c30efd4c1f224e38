import type { Diagnostic } from './core/diagnostic.ts';
import type { DataLayout } from './core/keys.ts';
import type { LastGood } from './datamodel/decode-entries.ts';
import type { Snapshot } from './datastore/datastore.ts';
import type { StagedBundle } from './host/stage.ts';
import type { Bundle } from './render/bundle.ts';

/** What a snapshot becomes for one target. `bundle` is null when nothing may be written; the diagnostics say why. */
export interface Rendering {
  readonly bundle: Bundle | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly lastGood: LastGood;
  /** The layout that the data were read in; null while there are none. Once it is known it stays, also across restarts. */
  readonly data: DataLayout | null;
}

/** The unit of check, commit and reload: one BIRD daemon with all its files. From `Bundle` on, every kind of target is treated alike. */
export interface Target {
  /** "bird" or "bird6". */
  readonly name: string;
  /** The names of its files under `output`; the daemon is pointed at the first. */
  readonly fileNames: readonly [string, ...string[]];
  /** Pure; throws only on a bug in a template or in ours. */
  render(snapshot: Snapshot): Rendering;
  /** Rejects with a StageError `check` when the daemon would refuse the files. */
  check(staged: StagedBundle, signal: AbortSignal): Promise<void>;
  /** Resolves once the daemon says that it runs the live files, with the daemon's boot; rejects with a StageError `reload`. */
  reload(signal: AbortSignal): Promise<{ readonly boot: string }>;
}
