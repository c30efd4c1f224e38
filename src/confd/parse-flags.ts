import { UsageError } from '../core/errors.ts';
import { CONFD_OPTIONS, type ConfdOption, type ConfdOptionName } from './options.ts';

/** What stands on the command line: the values of each flag in their order, and the words before them. */
export interface ParsedFlags {
  readonly values: ReadonlyMap<ConfdOptionName, readonly string[]>;
  readonly words: readonly string[];
  readonly help: boolean;
}

/** Where Go's `flag` takes a truth value for a flag that needs none. */
const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

export function truth(text: string): boolean | null {
  return TRUE.has(text) ? true : FALSE.has(text) ? false : null;
}

/**
 * Reads flags as Go's `flag` does: `-x` and `--x` are one, a value follows after `=` or as the next word, and a flag that needs none
 * takes one only after `=`. Unlike there, words may stand before the flags. Throws UsageError for an unknown flag, a missing value, and
 * words after the flags.
 */
export function parseFlags(argv: readonly string[]): ParsedFlags {
  const values = new Map<ConfdOptionName, string[]>();
  const firstFlag = argv.findIndex((word) => word.startsWith('-'));
  const words = firstFlag < 0 ? argv : argv.slice(0, firstFlag);
  const rest = firstFlag < 0 ? [] : argv.slice(firstFlag);
  let help = false;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!;
    const [, name, value] = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (name === undefined) throw new UsageError(`${word}: expected a flag; see confd -help`);
    if (name === 'h' || name === 'help') {
      help = true;
      continue;
    }
    const option = (CONFD_OPTIONS as readonly (ConfdOption & { readonly name: ConfdOptionName })[]).find(
      (one) => one.name === name.replace(/_/g, '-'),
    );
    if (!option) throw new UsageError(`flag provided but not defined: -${name}; see confd -help`);
    const takesNext = value === undefined && option.kind !== 'flag';
    const given = value ?? (takesNext ? rest[++at] : 'true');
    if (given === undefined) throw new UsageError(`flag needs an argument: -${name}`);
    if (option.kind === 'flag' && truth(given) === null)
      throw new UsageError(`invalid boolean value "${given}" for -${name}`);
    values.set(option.name, [...(values.get(option.name) ?? []), given]);
  }
  return { values, words, help };
}
