/** How a service is told that its files are others. */
export type Reload =
  | { readonly mode: 'none' }
  | { readonly mode: 'command'; readonly command: string }
  | { readonly mode: 'signal'; readonly pidFile: string; readonly signal: string }
  | { readonly mode: 'systemd'; readonly unit: string }
  | {
      readonly mode: 'bird';
      readonly socket: string;
      readonly binary: string;
      readonly undoSeconds: number;
    };

/** What must hold before anything is written. */
export interface Guard {
  /** Glob over the resource's keys → how many of them there must be. */
  readonly minMatches: ReadonlyMap<string, number>;
  /** False: a file that has content is not replaced by what no key is behind. */
  readonly allowEmpty: boolean;
}

/** One file of conf.d. Times in ms, paths as they are used; null = not stated. */
export interface TemplateResource {
  /** The file's path below conf.d without its extension: unique, and stable across restarts. */
  readonly name: string;
  /** The TOML file's absolute path. */
  readonly file: string;
  readonly src: string;
  readonly dest: string;
  /** What its keys are joined to, and what is cut off before the template sees them; begins with "/". */
  readonly prefix: string;
  /** Whole keys with the prefix, as the backend is asked for them. */
  readonly keys: readonly string[];
  readonly mode: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly owner: string | null;
  readonly group: string | null;
  readonly checkCommand: string | null;
  readonly checkTimeoutMs: number;
  readonly reload: Reload;
  readonly reloadTimeoutMs: number;
  /** Its reload is not run again before this has passed; then it is. */
  readonly minReloadMs: number;
  /** Resources of one unit are checked together, go live together, and are reloaded once. */
  readonly unit: string | null;
  readonly retry: { readonly firstMs: number; readonly lastMs: number; readonly attempts: number | null };
  readonly guard: Guard;
  readonly wait: { readonly minMs: number; readonly maxMs: number } | null;
  /** How many earlier versions are kept. */
  readonly history: number;
  /** A glob: one file for each key or folder that it matches. */
  readonly forEach: string | null;
  /** A module with helpers of its own, beside the templates. */
  readonly helpers: string | null;
}
