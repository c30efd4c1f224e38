import { canonical, parseStatements, type Statement } from '../../src/bird/statements.ts';

/** What a session is to its neighbor: everything in its protocol, and its template, but filters, debug and layout. */
export type Sessions = ReadonlyMap<string, readonly string[]>;

const isFilter = ({ words }: Statement): boolean => /^(import|export)( filter)?\b/.test(words);
/** Statements that change nothing about the session, or stand in the template in one release and in the protocol in another. */
const isQuiet = ({ words }: Statement): boolean => /^(debug|description)\b/.test(words);

/**
 * The sessions of a configuration, by protocol name; where `ttl security off` and `multihop` are missing they count as stated.
 * That is BIRD's default for internal peers only, and what tells an older release's external mesh peers from ours.
 */
export function sessionsOf(text: string): Sessions {
  const statements = parseStatements(text);
  const templates = new Map(
    statements
      .filter(({ words }) => words.startsWith('template bgp '))
      .map((s) => [s.words.split(' ')[2], s.body ?? []]),
  );
  const protocols = statements.filter(({ words }) => words.startsWith('protocol bgp '));
  return new Map(
    protocols.map(({ words, body }) => {
      const [, , name = '', , template] = words.split(' ');
      const all = [...(templates.get(template) ?? []), ...(body ?? [])].filter((s) => !isFilter(s) && !isQuiet(s));
      const stated = new Map(all.map((s) => [optionOf(s.words), canonical(s)]));
      for (const [option, value] of [
        ['ttl security', 'ttl security off;'],
        ['multihop', 'multihop;'],
      ] as const) {
        if (!stated.has(option)) stated.set(option, value);
      }
      return [name, [...stated.values()].sort()];
    }),
  );
}

/** The part of a statement that says which option it sets, so that a protocol's own replaces its template's. */
const optionOf = (words: string): string =>
  /^(local as|neighbor|source address|ttl security|multihop|passive|graceful restart( time)?|keepalive time|rr client|rr cluster id|password|next hop \w+|allow local as|gateway|add paths|connect \w+ time|error wait time)\b/.exec(
    words,
  )?.[0] ?? words;

type Action = 'accept' | 'reject' | 'none';

/** What a filter or function does with routes of exactly these CIDRs, by its own `if (net ~ CIDR) then { … }` statements. */
export function actionsOf(text: string, name: RegExp): ReadonlyMap<string, Action> {
  const body = parseStatements(text).find(({ words }) => name.test(words))?.body ?? [];
  const called = (words: string) =>
    parseStatements(text).find((s) => s.words.startsWith(`function ${words.split(' ')[0]} `))?.body ?? [];
  const flat = body.flatMap((s) => (/^\w+ \( \)$/.test(s.words) ? called(s.words) : [s]));
  const actions = new Map<string, Action>();
  for (const { words, body: then } of flat) {
    const cidr = /^if \( ?net ~ (\S+) ?\) then$/.exec(words)?.[1];
    if (cidr === undefined || actions.has(cidr)) continue;
    const last = then?.at(-1)?.words;
    actions.set(cidr, last === 'accept' || last === 'reject' ? last : 'none');
  }
  return actions;
}
