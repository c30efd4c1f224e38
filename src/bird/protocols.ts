import { canonical, parseStatements, type Statement } from './statements.ts';

/** One protocol of a configuration, its template's statements taken in, as far as it decides what a change does to it. */
export interface Protocol {
  readonly name: string;
  /** `bgp`, `kernel`, `static`, … */
  readonly type: string;
  /** Statements that BIRD compares as a whole: another set, and the protocol starts again. */
  readonly options: readonly string[];
  /** What decides which routes pass: filters, and every function that they call. Another one is a feed, not a restart. */
  readonly filters: readonly string[];
  /** The part of `filters` that decides about routes that come in: another one, and the neighbor is asked for its routes again. */
  readonly imports: readonly string[];
}

/** A configuration as BIRD compares it with the next one. */
export interface Configuration {
  readonly protocols: ReadonlyMap<string, Protocol>;
  /** Changing it restarts every BGP session. */
  readonly routerId: string;
  /** BIRD 1.6 takes it only when it starts. */
  readonly listen: string;
}

/** Not compared by BIRD, or applied in place (spec bird.md, 3). */
const QUIET = /^(debug|description|import limit|receive limit|export limit)\b/;
const FILTERS = /^(import|export|preference)\b/;
const IMPORTS = /^(import|preference)\b/;

/** A template's statement is replaced by the protocol's own of the same option. */
const optionOf = (words: string): string =>
  /^(local as|neighbor|source address|ttl security|multihop|graceful restart time|graceful restart|rr cluster id|rr client|next hop \w+|allow local as|[a-z]+( [a-z]+)? time|[a-z]+)\b/.exec(
    words,
  )?.[0] ?? words;

/** Whether the option only states BIRD's default. */
const isDefault = (text: string): boolean => text === 'passive off;' || text === 'ttl security off;';

/** A neighbor of the own AS is reached over several hops unless it is said to be direct. */
function impliedOptions(stated: ReadonlyMap<string, string>): readonly string[] {
  const asOf = (option: string) => / as (\d+);$/.exec(stated.get(option) ?? '')?.[1];
  const isInternal = asOf('local as') !== undefined && asOf('local as') === asOf('neighbor');
  return isInternal && !stated.has('multihop') && !stated.has('direct') ? ['multihop;'] : [];
}

/** The names in a filter that are functions or named filters, and what these in turn name. */
function calledBy(text: string, functions: ReadonlyMap<string, Statement>, seen: Set<string>): readonly string[] {
  const names = [...functions.keys()].filter((name) => !seen.has(name) && text.split(/[\s;]+/).includes(name));
  return names.flatMap((name) => {
    if (seen.has(name)) return [];
    seen.add(name);
    const body = canonical(functions.get(name)!);
    return [body, ...calledBy(body, functions, seen)];
  });
}

function protocolOf(
  statement: Statement,
  anonymous: Map<string, number>,
  templates: ReadonlyMap<string, Statement>,
  functions: ReadonlyMap<string, Statement>,
): Protocol {
  const [, type = '', second, third, fourth] = statement.words.split(' ');
  const template = second === 'from' ? third : third === 'from' ? fourth : undefined;
  const count = (anonymous.get(type) ?? 0) + 1;
  const isNamed = second !== undefined && second !== 'from';
  if (!isNamed) anonymous.set(type, count); // BIRD calls them kernel1, kernel2, …
  const body = [...(templates.get(template ?? '')?.body ?? []), ...(statement.body ?? [])];
  const stated = new Map<string, string>();
  const filters: string[] = [];
  const imports: string[] = [];
  for (const each of body.filter(({ words }) => !QUIET.test(words))) {
    const text = canonical(each);
    if (FILTERS.test(each.words)) {
      const texts = [text, ...calledBy(text, functions, new Set())];
      filters.push(...texts);
      if (IMPORTS.test(each.words)) imports.push(...texts);
    }
    // A route is a member of a list, not an option that replaces another.
    else if (!isDefault(text)) stated.set(each.words.startsWith('route ') ? text : optionOf(each.words), text);
  }
  return {
    name: isNamed ? second.replace(/^'(.*)'$/, '$1') : `${type}${count}`,
    type,
    options: [...stated.values(), ...impliedOptions(stated)].sort(),
    filters,
    imports,
  };
}

/** Reads a configuration whose includes stand in their place. Never throws. */
export function readConfiguration(text: string): Configuration {
  const statements = parseStatements(text);
  const named = (pattern: RegExp) =>
    new Map(
      statements.flatMap((statement): [string, Statement][] => {
        const name = pattern.exec(statement.words)?.[1];
        return name === undefined ? [] : [[name, statement]];
      }),
    );
  const templates = named(/^template \w+ (\S+)/);
  const functions = named(/^(?:function|filter) (\S+)/);
  const anonymous = new Map<string, number>();
  const protocols = statements
    .filter(({ words }) => words.startsWith('protocol '))
    .map((statement) => protocolOf(statement, anonymous, templates, functions));
  const word = (start: string) =>
    statements
      .filter(({ words }) => words.startsWith(start))
      .map(canonical)
      .join(' ');
  return {
    protocols: new Map(protocols.map((protocol) => [protocol.name, protocol])),
    routerId: word('router id '),
    listen: word('listen bgp'),
  };
}
