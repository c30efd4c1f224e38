import { canonical, parseStatements, type Statement } from './statements.ts';

/** A top-level statement that gives something a name, or a protocol to which BIRD gives one. */
export interface Definition {
  /** Without quotes; of a nameless protocol its type and rank: `kernel 1`. */
  readonly name: string;
  readonly statement: Statement;
  /** Names of other definitions in it. */
  readonly uses: readonly string[];
}

const NAMED = /^(?:function|filter|define|template \w+|protocol \w+) ('[^']+'|(?!from\b)\w+)/;
const NAMELESS = /^protocol (\w+)( from \w+)?$/;

/** The names that top-level statements give, in their order; null for statements that give none. */
export function namesOf(statements: readonly Statement[]): readonly (string | null)[] {
  const nameless = new Map<string, number>();
  return statements.map(({ words }) => {
    const name = NAMED.exec(words)?.[1];
    if (name !== undefined) return name.replaceAll("'", '');
    const type = NAMELESS.exec(words)?.[1];
    if (type === undefined) return null;
    nameless.set(type, (nameless.get(type) ?? 0) + 1);
    return `${type} ${nameless.get(type)}`;
  });
}

/** What several texts that one daemon reads define, by name; of two with one name, which BIRD refuses, the first. */
export function definitionsOf(texts: readonly string[]): ReadonlyMap<string, Definition> {
  const all = texts.map(parseStatements).flatMap((statements) => {
    const names = namesOf(statements);
    return statements.flatMap((statement, i) => (names[i] ? [{ name: names[i], statement }] : []));
  });
  const names = new Set(all.map(({ name }) => name));
  const definitions = new Map<string, Definition>();
  for (const { name, statement } of all) {
    if (definitions.has(name)) continue;
    const words = new Set(
      canonical(statement)
        .replaceAll("'", '')
        .split(/[\s;]+/),
    );
    definitions.set(name, { name, statement, uses: [...words].filter((word) => word !== name && names.has(word)) });
  }
  return definitions;
}

/** Address and port of the neighbor that a BGP protocol or its template names; null for anything else. */
export function neighborOf({ statement, uses }: Definition, all: ReadonlyMap<string, Definition>): string | null {
  if (!statement.words.startsWith('protocol bgp ')) return null;
  const bodies = [statement, ...uses.flatMap((name) => all.get(name)?.statement ?? [])].map(({ body }) => body ?? []);
  const [, address, port = '179'] =
    bodies
      .flat()
      .flatMap(({ words }) => [/^neighbor (\S+)(?: port (\d+))?/.exec(words) ?? []])
      .find((found) => found.length) ?? [];
  return address === undefined ? null : `${address} ${port}`;
}
