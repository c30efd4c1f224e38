import { UsageError } from './core/errors.ts';
import { OPTIONS, type Option, type OptionName, variableOf } from './option-table.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What stands on the command line, as the parser hands it over, by option name. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** One value and where it came from, for the messages. */
export interface Given {
  readonly values: readonly string[];
  readonly from: string;
}

const asTexts = (value: unknown): readonly string[] =>
  Array.isArray(value)
    ? value.flatMap(asTexts)
    : ['string', 'number', 'boolean'].includes(typeof value)
      ? [String(value)]
      : [];

const split = (option: Option, value: string): readonly string[] =>
  option.many ? value.split(',').filter((part) => part !== '') : [value];

/** The variables of each option, the first that is set counts. */
const VARIABLES: ReadonlyMap<string, readonly string[]> = new Map(
  (OPTIONS as readonly Option[]).map(({ name, environment = [] }) => [
    name,
    [variableOf(name), ...environment.flatMap((theirs) => [`CALICO_${theirs}`, theirs])],
  ]),
);

function fromEnvironment(option: Option, environment: Environment): Given | null {
  for (const name of VARIABLES.get(option.name) ?? []) {
    const value = environment[name];
    if (value) return { values: split(option, value), from: name };
  }
  return null;
}

/** The options that were given, each from the first place that has it: flag, environment, file. Unknown names in the file are refused. */
export async function givenOptions(
  flags: Flags,
  environment: Environment,
  readToml: (path: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<ReadonlyMap<OptionName, Given>> {
  const given = new Map<OptionName, Given>();
  const config = asTexts(flags.config)[0] ?? environment[variableOf('config')];
  const file = config ? await readToml(config) : {};
  const unknown = Object.keys(file).filter((name) => !OPTIONS.some((option) => option.name === name));
  if (unknown.length > 0) throw new UsageError(`${config}: unknown option ${unknown.join(', ')}; see birdconfd --help`);
  for (const option of OPTIONS as readonly (Option & { readonly name: OptionName })[]) {
    const flag = asTexts(flags[option.name]);
    const inFile = asTexts(file[option.name]);
    const found =
      flag.length > 0
        ? { values: flag, from: `--${option.name}` }
        : (fromEnvironment(option, environment) ??
          (inFile.length > 0 ? { values: inFile, from: `${config}: ${option.name}` } : null));
    if (found) given.set(option.name, found);
  }
  return given;
}
