import type { Flags } from '../given-options.ts';
import type { Option } from '../option-table.ts';
import type { Settings } from '../settings.ts';

/** What a verb is given: its flags, its argument, and a way to resolve the settings from the same flags, any number of times. */
export interface Call {
  readonly flags: Flags;
  readonly argument: string | null;
  readonly settings: () => Promise<Settings>;
}

/** A row of the command line. `run` resolves with the exit code and loads its code only then. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly argument?: { readonly name: string; readonly help: string };
  /** Its own options; `common`: it takes the common ones too. */
  readonly own: readonly Option[];
  readonly common: boolean;
  readonly examples: readonly string[];
  readonly run: (call: Call) => Promise<number>;
}

export const JSON_FLAG: Option = { name: 'json', value: null, help: 'print JSON on standard output' };
