import { type BirdText, piecesOf } from './pieces.ts';
import { type Line, type Piece, type Reading, readPiece, type Stated } from './stated.ts';
import { canonical, type Statement } from './statements.ts';

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
  /** In the order of the text, piece by piece. Of two configurations, what is the same piece among the same definitions is the same array. */
  readonly groups: readonly (readonly Protocol[])[];
  /** By name, in the order of the text; made when it is asked for. */
  readonly protocols: ReadonlyMap<string, Protocol>;
  /** Changing it restarts every BGP session. */
  readonly routerId: string;
  /** BIRD 1.6 takes it only when it starts. */
  readonly listen: string;
  /** Every top-level statement but the named BGP sessions. */
  readonly statements: readonly Statement[];
}

/** A neighbor of the own AS is reached over several hops unless it is said to be direct. */
function impliedOptions(stated: ReadonlyMap<string | null, string>): readonly string[] {
  const asOf = (option: string) => / as (\d+);$/.exec(stated.get(option) ?? '')?.[1];
  const isInternal = asOf('local as') !== undefined && asOf('local as') === asOf('neighbor');
  return isInternal && !stated.has('multihop') && !stated.has('direct') ? ['multihop;'] : [];
}

interface Options {
  readonly template: Stated | null;
  readonly options: readonly string[];
}
const optionsKnown = new WeakMap<Stated, Options>();

function optionsOf(stated: Stated, template: Stated | null): readonly string[] {
  const known = optionsKnown.get(stated);
  if (known?.template === template) return known.options;
  const all = [...(template?.lines ?? []), ...stated.lines].filter(({ option }) => option !== null);
  const last = new Map(all.map(({ option, text }) => [option, text]));
  const options = [...last.values(), ...impliedOptions(last)].sort();
  optionsKnown.set(stated, { template, options });
  return options;
}

/** Thousands are read, and few compared: what they are compared by is worked out when it is asked for, and not kept. */
class ReadProtocol implements Protocol {
  readonly name: string;
  readonly #stated: Stated;
  readonly #template: Stated | null;
  readonly #calledBy: (line: string) => readonly string[];

  constructor(name: string, stated: Stated, template: Stated | null, calledBy: (line: string) => readonly string[]) {
    this.name = name;
    this.#stated = stated;
    this.#template = template;
    this.#calledBy = calledBy;
  }

  get type(): string {
    return this.#stated.type;
  }

  get options(): readonly string[] {
    return optionsOf(this.#stated, this.#template);
  }

  get filters(): readonly string[] {
    return this.#texts(this.#deciding());
  }

  get imports(): readonly string[] {
    return this.#texts(this.#deciding().filter(({ isImport }) => isImport));
  }

  #deciding(): readonly Line[] {
    return [...(this.#template?.lines ?? []), ...this.#stated.lines].filter(({ option }) => option === null);
  }

  #texts(lines: readonly Line[]): readonly string[] {
    return lines.flatMap(({ text }) => [text, ...this.#calledBy(text)]);
  }
}

const FUNCTION = /^(?:function|filter) (\S+)/;

/** What the protocols are read with, and what came of that: the same protocol among the same definitions is the same object. */
class Context {
  readonly templates: readonly Stated[];
  readonly definitions: readonly Statement[];
  readonly #template: ReadonlyMap<string, Stated>;
  readonly #functions: ReadonlyMap<string, Statement>;
  readonly #called = new Map<string, readonly string[]>();
  readonly #protocols = new WeakMap<Stated, Protocol>();
  readonly #groups = new WeakMap<Reading, readonly Protocol[]>();

  constructor(templates: readonly Stated[], definitions: readonly Statement[]) {
    this.templates = templates;
    this.definitions = definitions;
    this.#template = new Map(templates.flatMap((each) => (each.name === null ? [] : [[each.name, each]])));
    this.#functions = new Map(definitions.map((each) => [FUNCTION.exec(each.words)?.[1] ?? '', each]));
  }

  /** Those of one piece; `nameOf` gives a name to those without, which depends on what stands before it. */
  group(reading: Reading, nameOf: (stated: Stated) => string): readonly Protocol[] {
    const known = this.#groups.get(reading);
    if (known) return known;
    const group = reading.protocols.map((stated) => this.#protocol(stated, stated.name ?? nameOf(stated)));
    if (reading.protocols.every(({ name }) => name !== null)) this.#groups.set(reading, group);
    return group;
  }

  #protocol(stated: Stated, name: string): Protocol {
    const known = this.#protocols.get(stated);
    if (known?.name === name) return known;
    const template = this.#template.get(stated.template ?? '') ?? null;
    const made = new ReadProtocol(name, stated, template, this.#calledBy);
    this.#protocols.set(stated, made);
    return made;
  }

  /** The functions and named filters that a filter names, and what these in turn name. */
  readonly #calledBy = (text: string): readonly string[] => {
    const known = this.#called.get(text);
    if (known) return known;
    const seen = new Set<string>();
    const follow = (from: string): readonly string[] => {
      const words = new Set(from.split(/[\s;]+/));
      const names = [...words].filter((word) => this.#functions.has(word) && !seen.has(word));
      return names.flatMap((name) => {
        if (seen.has(name)) return [];
        seen.add(name);
        const body = canonical(this.#functions.get(name)!);
        return [body, ...follow(body)];
      });
    };
    const called = follow(text);
    this.#called.set(text, called);
    return called;
  };
}

/** Before and after of each of the two daemons, and what a search for a guilty value tries. */
const MAX_CONTEXTS = 8;
let contexts: readonly Context[] = [];

const same = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((one, i) => one === b[i]);

function contextOf(templates: readonly Stated[], definitions: readonly Statement[]): Context {
  const isSame = (each: Context) => same(each.templates, templates) && same(each.definitions, definitions);
  const found = contexts.find(isSame) ?? new Context(templates, definitions);
  contexts = [found, ...contexts.filter((each) => each !== found)].slice(0, MAX_CONTEXTS);
  return found;
}

/** Of two with one name, which BIRD refuses, the last. */
export function byName(groups: readonly (readonly Protocol[])[]): ReadonlyMap<string, Protocol> {
  const protocols = new Map<string, Protocol>();
  for (const group of groups) for (const protocol of group) protocols.set(protocol.name, protocol);
  return protocols;
}

function configurationOf(pieces: readonly Piece[]): Configuration {
  const readings = pieces.map(readPiece);
  const statements = readings.flatMap((reading) => reading.statements);
  const definitions = statements.filter(({ words }) => FUNCTION.test(words));
  const context = contextOf(
    readings.flatMap(({ templates }) => templates),
    definitions,
  );
  const numbers = new Map<string, number>();
  const nameOf = ({ type }: Stated): string => {
    const number = (numbers.get(type) ?? 0) + 1; // BIRD calls them kernel1, kernel2, …
    numbers.set(type, number);
    return `${type}${number}`;
  };
  const groups = readings.map((reading) => context.group(reading, nameOf));
  let protocols: ReadonlyMap<string, Protocol> | null = null;
  const word = (start: string) =>
    statements
      .filter(({ words }) => words.startsWith(start))
      .map(canonical)
      .join(' ');
  return {
    groups,
    get protocols() {
      protocols ??= byName(groups);
      return protocols;
    },
    routerId: word('router id '),
    listen: word('listen bgp'),
    statements,
  };
}

const configurations = new WeakMap<readonly Piece[], Configuration>();

/** Reads a configuration. Never throws. What stands in several of the last ones is read once; the same pieces give the same result. */
export function readConfiguration(text: BirdText): Configuration {
  const pieces = piecesOf(text);
  const known = configurations.get(pieces);
  if (known) return known;
  const made = configurationOf(pieces);
  configurations.set(pieces, made);
  return made;
}
