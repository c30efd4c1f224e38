import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import type { Environment } from './given-values.ts';
import type { KeyRules } from './resource-values.ts';
import type { TargetOwners } from './target-owners.ts';
import type { TemplateCache } from './template-cache.ts';
import type { Resolver } from './world.ts';

/** What every pass of generic mode works with. */
export interface PassContext {
  readonly snapshot: () => Snapshot;
  readonly prefixes: readonly string[];
  readonly rules: KeyRules;
  readonly templates: TemplateCache;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly stateDir: string;
  readonly noop: boolean;
  readonly syncOnly: boolean;
  readonly keepStageFile: boolean;
  readonly owners: TargetOwners;
  readonly log: Log;
  /** For a noop: the diff of every file, whoever may read it. */
  readonly showSecrets: boolean;
  /** For a noop: what would be changed, for people. */
  readonly show: (text: string) => void;
  /** Absent: the system's. */
  readonly resolver?: Resolver;
}
