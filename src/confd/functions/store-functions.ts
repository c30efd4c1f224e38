import { byBytes } from '../../core/order.ts';
import { Arguments } from './arguments.ts';
import { basePath } from './go-path.ts';
import { bytesIn } from './go-text.ts';
import { FunctionError, type FunctionTable, type KeyValue } from './key-value.ts';
import { pathMatch } from './path-match.ts';

/** A malformed glob is the template's fault, and says where. */
function matcher(name: string, pattern: string): (key: string) => boolean {
  try {
    pathMatch(pattern, '');
  } catch (error) {
    throw new FunctionError(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return (key) => pathMatch(pattern, key);
}

/** The first part of every key below `dir`, each once, sorted; `deeper`: only those that have keys below them. */
function childrenOf(keys: Iterable<string>, dir: string, deeper: boolean): readonly string[] {
  const below = dir.endsWith('/') ? dir : `${dir}/`;
  const names = new Set<string>();
  for (const key of keys) {
    if (!deeper && key === dir) names.add(basePath(key));
    if (!key.startsWith(below) || key.length === below.length) continue;
    const [name = '', ...rest] = key.slice(below.length).split('/');
    if (!deeper || rest.length > 0) names.add(name);
  }
  return [...names].sort(byBytes);
}

/**
 * confd's functions over the keys that a resource sees, `values`: key without prefix → value. What must be there and is not throws
 * a FunctionError that names the key; a glob that matches nothing is an empty list, as in confd's code (spec confd, 1.3).
 */
export function storeFunctions(values: ReadonlyMap<string, string>): FunctionTable {
  let sorted: readonly string[] | null = null;
  const keys = () => {
    sorted ??= [...values.keys()].sort(byBytes);
    return sorted;
  };
  const pairs = (name: string, pattern: string): readonly KeyValue[] =>
    keys()
      .filter(matcher(name, pattern))
      .map((Key) => ({ Key, Value: values.get(Key) ?? '' }));
  const found = (name: string, key: string): string => {
    const value = values.get(key);
    if (value === undefined) throw new FunctionError(`${name}: key does not exist: ${key}`);
    return value;
  };
  const call = (name: string, given: readonly unknown[], least = 1, most = 1) =>
    new Arguments(name, given).count(least, most);
  return {
    exists: (...given) => values.has(call('exists', given).text(0)),
    get: (...given) => {
      const Key = call('get', given).text(0);
      return { Key, Value: found('get', Key) };
    },
    getv: (...given) => {
      const args = call('getv', given, 1, Number.POSITIVE_INFINITY);
      const value = values.get(args.text(0));
      return value === undefined && args.has(1) ? args.text(1) : found('getv', args.text(0));
    },
    gets: (...given) => pairs('gets', call('gets', given).text(0)),
    getvs: (...given) =>
      pairs('getvs', call('getvs', given).text(0))
        .map(({ Value }) => Value)
        .sort(byBytes),
    ls: (...given) => childrenOf(keys(), call('ls', given).text(0), false),
    lsdir: (...given) => childrenOf(keys(), call('lsdir', given).text(0), true),
    sortKVByLength: (...given) => {
      const list = [...call('sortKVByLength', given).pairs(0)];
      return list.sort((a, b) => bytesIn(a.Key) - bytesIn(b.Key));
    },
  };
}
