import { isAbsolute, resolve } from 'node:path';
import type { Diagnostic } from '../core/diagnostic.ts';
import { messageOf } from '../core/errors.ts';
import { commandFault } from './command-text.ts';
import { NAME_MARK } from './for-each.ts';
import { joinPath } from './functions/go-path.ts';
import { pathMatch } from './functions/path-match.ts';
import { readReload } from './read-reload.ts';
import type { Guard, TemplateResource } from './resource.ts';
import { TomlTable } from './toml-table.ts';

/** What the settings say for every resource. */
export interface ResourceDefaults {
  readonly confDir: string;
  readonly prefix: string | null;
  readonly prefixMode: 'override' | 'concat';
  readonly checkTimeoutMs: number;
  readonly reloadTimeoutMs: number;
}

const FIRST_MS = 250;
const LAST_MS = 30_000;

/** As Go's ParseUint with base 0, but that a plain `644`, as text or number, is none: it would be 01204, and nobody means that. */
function modeOf(value: unknown): number | null {
  const text = typeof value === 'string' ? value.replace(/_(?=\w)/g, '') : '';
  const octal = /^0o?([0-7]+)$/i.exec(text)?.[1];
  const mode =
    octal === undefined && !/^0[xb]\w+$/i.test(text) ? Number.NaN : Number(octal === undefined ? text : `0o${octal}`);
  return mode <= 0o7777 ? mode : null;
}

/** Why a glob can match nothing, because it is none; null when it is one. */
function globFault(glob: string): string | null {
  try {
    pathMatch(glob, '');
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function guardOf(table: TomlTable): Guard {
  const guard = table.table('guard');
  const given = guard.any('min_matches');
  const pairs: [string, unknown][] =
    typeof given === 'object' && given !== null ? Object.entries(given) : given === undefined ? [] : [['', given]];
  const odd = pairs.find(([, count]) => !Number.isSafeInteger(count) || Number(count) < 0);
  if (odd) guard.fault('min_matches', 'expected a number, or a table of globs and numbers');
  for (const [glob] of pairs) {
    const fault = globFault(glob);
    if (fault !== null) guard.fault('min_matches', fault);
  }
  const minMatches = new Map(odd ? [] : pairs.map(([glob, count]) => [glob, Number(count)] as const));
  const allowEmpty = guard.flag('allow_empty') ?? true;
  guard.unknown();
  return { minMatches, allowEmpty };
}

function retryOf(table: TomlTable): TemplateResource['retry'] {
  const retry = table.table('retry');
  const firstMs = retry.time('base_delay') ?? FIRST_MS;
  const lastMs = Math.max(retry.time('max_delay') ?? LAST_MS, firstMs);
  const attempts = retry.count('max_attempts');
  retry.unknown();
  return { firstMs: Math.max(firstMs, 1), lastMs, attempts };
}

/** `debounce` is the same by its older name, where `wait` does not say. */
function waitOf(table: TomlTable): TemplateResource['wait'] {
  const wait = table.table('wait');
  const debounceMs = table.time('debounce');
  const minMs = wait.time('min') ?? debounceMs;
  const maxMs = wait.time('max');
  wait.unknown();
  return minMs === null ? null : { minMs, maxMs: Math.max(maxMs ?? 4 * minMs, minMs) };
}

/** With `override`, the prefix of the settings replaces the resource's own (confd 0.12 on); with `concat` it comes before it. */
function prefixOf(own: string, { prefix, prefixMode }: ResourceDefaults): string {
  if (prefix === null) return joinPath('/', own);
  return prefixMode === 'concat' ? joinPath('/', prefix, own) : joinPath('/', prefix);
}

/** The resource in a parsed TOML file. Null where an error is among the diagnostics: such a resource is left out, and the others run. */
export function readTemplateResource(
  content: Readonly<Record<string, unknown>>,
  { name, file }: { readonly name: string; readonly file: string },
  defaults: ResourceDefaults,
): { readonly resource: TemplateResource | null; readonly diagnostics: readonly Diagnostic[] } {
  const root = new TomlTable(content, file, []);
  const table = root.table('template');
  root.unknown();
  const required = (key: string): string => {
    const value = table.text(key);
    if (value === null) table.fault(key, `it is missing or empty`);
    return value ?? '';
  };
  const src = required('src');
  const dest = required('dest');
  const forEach = table.text('for_each');
  if ((forEach !== null) !== dest.search(NAME_MARK) >= 0)
    table.fault('dest', 'for_each and {{name}} in dest go together');
  const forEachFault = forEach === null ? null : globFault(forEach);
  if (forEachFault !== null) table.fault('for_each', forEachFault);
  const reload = readReload(table);
  if (forEach !== null && reload.mode === 'command' && reload.command.includes('{{'))
    table.fault('reload_cmd', 'for_each makes many files, and the command runs once for all of them: it can name none');
  const mode = table.any('mode') === undefined || table.any('mode') === '' ? null : modeOf(table.any('mode'));
  if (mode === null && table.any('mode')) table.fault('mode', 'expected an octal mode in quotes, such as "0644"');
  const checkCommand = table.text('check_cmd');
  const fault = checkCommand === null ? null : commandFault(checkCommand);
  if (fault) table.fault('check_cmd', fault);
  const prefix = prefixOf(table.text('prefix') ?? '', defaults);
  const resource: TemplateResource = {
    name,
    file,
    src,
    dest: isAbsolute(dest) ? dest : resolve(dest),
    prefix,
    keys: table.texts('keys').map((key) => joinPath(prefix, key)),
    mode,
    uid: table.count('uid'),
    gid: table.count('gid'),
    owner: table.text('owner'),
    group: table.text('group'),
    checkCommand,
    checkTimeoutMs: table.time('check_cmd_timeout') ?? defaults.checkTimeoutMs,
    reload,
    reloadTimeoutMs: table.time('reload_cmd_timeout') ?? defaults.reloadTimeoutMs,
    minReloadMs: table.time('min_reload_interval') ?? 0,
    unit: table.text('group_unit'),
    retry: retryOf(table),
    guard: guardOf(table),
    wait: waitOf(table),
    history: table.count('history') ?? 0,
    forEach,
    helpers: table.text('helpers'),
  };
  table.unknown();
  const { diagnostics } = root;
  // The table's own faults came to the root's list.
  return { resource: diagnostics.some(({ severity }) => severity === 'error') ? null : resource, diagnostics };
}

/** The diagnostic of a file that is no TOML at all; smol-toml's picture of the line is left out, it may hold a password. */
export const unparsable = (file: string, error: unknown): Diagnostic => ({
  severity: 'error',
  code: 'unreadable-document',
  key: file,
  path: [],
  message: messageOf(error).split('\n')[0] ?? '',
});
