import type { LiveConfiguration, LiveFunction } from '../core/live-configuration.ts';
import { Secret } from '../core/secret.ts';
import { canonical, parseStatements, type Statement } from './statements.ts';

const SESSION = /^protocol bgp (\S+)(?: from \S+)?$/;
const PASSWORD = /^password "([^"\x00-\x1f\x7f]*)"$/;
const FUNCTION = /^function '([^']+)' \( (bool is_same_as )?\)$/;

/** What stands before a bracket in a function of a BGPFilter's and calls none of the configuration's own: `if (`, `bgp_path.prepend(`. */
const BUILT_IN = /^(if|defined|[a-z_]+\.[a-z]+|\W+)$/;

/** Whether every call is BIRD's own, for another function would have to be there as well, and mean the same; and no string is cut. */
function standsAlone(statement: Statement): boolean {
  const words = canonical(statement)
    .replace(/"[^"]*"/g, '""')
    .split(' ');
  // The first bracket is the parameters'.
  const callers = words.flatMap((word, i) => (i > 2 && words[i + 1] === '(' ? [word] : []));
  return callers.every((word) => BUILT_IN.test(word)) && !words.some((word) => word === '"' || word === "'");
}

/** The function as it stands; null where its text is not one whole statement, as behind a brace or a quote that never closes. */
function functionOf(source: string, statement: Statement): LiveFunction | null {
  // Without the semicolon that may follow the body.
  const text = source.slice(statement.source.start, (statement.inner?.end ?? 0) + 1);
  const again = parseStatements(text);
  const isWhole = text.endsWith('}') && again.length === 1 && canonical(again[0]!) === canonical(statement);
  if (!isWhole || !statement.body || /[\x00-\x08\x0b-\x1f\x7f]/.test(text) || !standsAlone(statement)) return null;
  return {
    text,
    takesPeerType: FUNCTION.exec(statement.words)?.[2] !== undefined,
    rejectsAll: statement.body.map(canonical).join() === 'reject;',
  };
}

/** A session's password; null where it has none, or several, of which nobody knows which one the neighbor takes. */
function passwordOf({ body }: Statement): Secret | null {
  const stated = (body ?? []).filter(({ words }) => words.startsWith('password'));
  const [value, ...others] = new Set(stated.map((each) => (each.body ? undefined : PASSWORD.exec(each.words)?.[1])));
  return value && others.length === 0 ? new Secret(value) : null;
}

/**
 * The sessions' passwords and the BGPFilters' functions in the files of one daemon. Reads them when it is asked for the first time, and
 * never throws; passwords come out as Secrets, and nothing of them is kept elsewhere.
 */
export class LiveFiles implements LiveConfiguration {
  readonly texts: readonly string[];
  #read: { readonly passwords: Map<string, Secret>; readonly functions: Map<string, LiveFunction> } | null = null;

  constructor(texts: readonly string[]) {
    this.texts = texts;
  }

  password(session: string): Secret | null {
    return this.#all().passwords.get(session) ?? null;
  }

  filterFunction(symbol: string): LiveFunction | null {
    return this.#all().functions.get(symbol) ?? null;
  }

  #all() {
    if (this.#read) return this.#read;
    const read = { passwords: new Map<string, Secret>(), functions: new Map<string, LiveFunction>() };
    for (const text of this.texts) {
      for (const statement of parseStatements(text)) {
        const [session, symbol] = [SESSION, FUNCTION].map((pattern) => pattern.exec(statement.words)?.[1]);
        const password = session === undefined ? null : passwordOf(statement);
        const found = symbol === undefined ? null : functionOf(text, statement);
        if (session !== undefined && password) read.passwords.set(session, password);
        if (symbol !== undefined && found) read.functions.set(symbol, found);
      }
    }
    this.#read = read;
    return read;
  }
}
