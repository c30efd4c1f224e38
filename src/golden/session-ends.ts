import type { Protocol } from '../bird/protocols.ts';
import type { SessionEnds } from './report.ts';

const BGP_PORT = 179;

const option = ({ options }: Protocol, pattern: RegExp): RegExpExecArray | null => {
  for (const each of options) {
    const found = pattern.exec(each);
    if (found) return found;
  }
  return null;
};

const number = (text: string | undefined): number | null => (text === undefined ? null : Number(text));

/** Between whom a session is, as its protocol and its template say. */
export function sessionEnds(protocol: Protocol): SessionEnds {
  const [, neighbor = null, port, as] = option(protocol, /^neighbor (\S+)(?: port (\d+))?(?: as (\d+))?;$/) ?? [];
  return {
    neighbor,
    port: number(port) ?? BGP_PORT,
    as: number(as),
    source: option(protocol, /^source address (\S+);$/)?.[1] ?? null,
    localAs: number(option(protocol, /^local as (\d+);$/)?.[1]),
    clusterId: option(protocol, /^rr client;$/) && (option(protocol, /^rr cluster id (\S+);$/)?.[1] ?? ''),
    passive: option(protocol, /^passive( on)?;$/) !== null,
  };
}

const changed = (what: string, before: unknown, after: unknown): readonly string[] =>
  before === after ? [] : [`${what} ${before ?? 'none'} → ${after ?? 'none'}`];

/** The words of an option and its value: a value is what begins with a digit, a quote or a capital, or `on` and `off`. */
const VALUE = / ((?:[\d"A-Z].*)|on|off)$/;

/** Options that are neither neighbor nor AS, by their name: `hold time` → `90`; passwords without theirs. */
const others = ({ options }: Protocol): ReadonlyMap<string, string> =>
  new Map(
    options
      .map((each) => each.replace(/;$/, ''))
      .filter((each) => !/^(neighbor|source address|local as|rr client|rr cluster id)\b/.test(each))
      .map((each) => {
        if (each.startsWith('password ')) return ['password', each] as const;
        const value = VALUE.exec(each)?.[1] ?? '';
        return [value ? each.slice(0, -value.length - 1) : each, value] as const;
      }),
  );

function otherChanges(before: Protocol, after: Protocol): readonly string[] {
  const [old, now] = [others(before), others(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === is) return [];
    if (name === 'password')
      return [was === undefined ? 'with a password' : is === undefined ? 'no password' : 'password'];
    if (was === undefined) return [`${name} ${is}`.trim()];
    return is === undefined ? [`no ${name}`] : changed(name, was, is);
  });
}

/** What brings about that a session starts again, for people: `AS 64555 → 64556`. */
export function restartReasons(before: Protocol, after: Protocol): readonly string[] {
  if (before.type !== after.type) return changed('type', before.type, after.type);
  const [old, now] = [sessionEnds(before), sessionEnds(after)];
  return [
    ...changed('neighbor', old.neighbor, now.neighbor),
    ...changed('port', old.port, now.port),
    ...changed('AS', old.as, now.as),
    ...changed('own AS', old.localAs, now.localAs),
    ...changed('source address', old.source, now.source),
    ...changed(
      'cluster id',
      old.clusterId === '' ? 'the router id' : old.clusterId,
      now.clusterId === '' ? 'the router id' : now.clusterId,
    ),
    ...otherChanges(before, after),
  ];
}

/** On which side a session's routes are filtered in another way. */
export function filterReasons(before: Protocol, after: Protocol): readonly string[] {
  const differ = (a: readonly string[], b: readonly string[]) => a.join('\n') !== b.join('\n');
  const exports = ({ filters, imports }: Protocol) => filters.filter((each) => !imports.includes(each));
  return [
    ...(differ(before.imports, after.imports) ? ['import'] : []),
    ...(differ(exports(before), exports(after)) ? ['export'] : []),
  ];
}
