import type { Diagnostic } from '../core/diagnostic.ts';
import { byBytes } from '../core/order.ts';
import { basePath, dirPath } from './functions/go-path.ts';
import { pathMatch } from './functions/path-match.ts';
import type { TemplateResource } from './resource.ts';

/** One file of a resource: where it goes, and what the template sees beside the functions. */
export interface Destination {
  readonly dest: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Stands in `dest` for the name that `for_each` found. */
export const NAME_MARK = /\{\{\s*name\s*\}\}/g;

/** It becomes part of a path, and of a command: no blank, no quote, no slash, no leading dot or dash. */
const SAFE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}$/;

/** The keys, and every folder that they lie in. */
function nodesOf(values: ReadonlyMap<string, string>): ReadonlySet<string> {
  const nodes = new Set<string>();
  for (const key of values.keys()) {
    for (let path = key; path !== '/' && !nodes.has(path); path = dirPath(path)) nodes.add(path);
  }
  return nodes;
}

/**
 * The files that a resource makes: one, or with `for_each` one for each key or folder that the glob matches, by its name. A name that
 * cannot safely be part of a path is left out, with a warning. Throws for a malformed glob. Pure.
 */
export function destinationsOf(
  { forEach, dest, file }: TemplateResource,
  values: ReadonlyMap<string, string>,
): { readonly destinations: readonly Destination[]; readonly diagnostics: readonly Diagnostic[] } {
  if (forEach === null) return { destinations: [{ dest, data: {} }], diagnostics: [] };
  const found = [...nodesOf(values)].filter((key) => pathMatch(forEach, key)).sort(byBytes);
  const names = found.map(basePath);
  // Of two folders of one name the first makes the file.
  const safe = found.filter((key, i) => SAFE_NAME.test(basePath(key)) && names.indexOf(basePath(key)) === i);
  const odd = found.filter((key) => !safe.includes(key));
  return {
    destinations: safe.map((key) => ({
      dest: dest.replace(NAME_MARK, () => basePath(key)),
      data: { name: basePath(key), key, value: values.get(key) ?? '' },
    })),
    diagnostics: odd.map((key) => ({
      severity: 'warning',
      code: 'invalid-name',
      key: file,
      path: ['template', 'for_each'],
      message: `${key}: its name cannot be part of a path, or is another's too: no file is made of it`,
    })),
  };
}
