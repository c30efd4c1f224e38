import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { digestOf } from '../core/digest.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import type { LogLevel } from '../core/log.ts';
import { Secret } from '../core/secret.ts';
import { type Environment, GivenValues } from './given-values.ts';
import type { ParsedFlags } from './parse-flags.ts';

/** The backends that can be asked; `etcd` is `etcdv3`. */
export const BACKENDS = ['etcd', 'etcdv3', 'etcdv2', 'file', 'env', 'redis'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** Those of confd that are not here: a flag of theirs says so instead of failing late. */
const NOT_BUILT: readonly string[] = ['consul', 'dynamodb', 'rancher', 'ssm', 'vault', 'zookeeper'];

/** Where the keys are, and who asks. */
export interface BackendSettings {
  readonly name: BackendName;
  /** Empty: the backend's default. */
  readonly nodes: readonly string[];
  /** SRV records that name the nodes; null = none do. */
  readonly srv: { readonly record: string; readonly scheme: string } | null;
  readonly username: string | null;
  readonly password: Secret | null;
  readonly caFile: string | null;
  readonly certFile: string | null;
  /** A path; with redis the password itself, as in confd. */
  readonly key: Secret | null;
  readonly files: readonly string[];
  readonly filter: string;
  readonly separator: string;
}

/** Everything that confd's flags, environment and confd.toml decide. Paths are absolute, times in ms. */
export interface ConfdSettings {
  readonly confDir: string;
  readonly backend: BackendSettings;
  /** Null = each resource's own. */
  readonly prefix: string | null;
  readonly prefixMode: 'override' | 'concat';
  readonly mode: 'onetime' | 'watch' | 'interval';
  readonly intervalMs: number;
  readonly noop: boolean;
  readonly showSecrets: boolean;
  readonly syncOnly: boolean;
  readonly keepStageFile: boolean;
  readonly stateDir: string;
  readonly checkTimeoutMs: number;
  readonly reloadTimeoutMs: number;
  readonly graceMs: number;
  readonly statusAddress: string | null;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
  /** What getenv and the backend env see. */
  readonly environment: Environment;
  /** Keys of confd.toml that mean nothing. */
  readonly unknown: readonly string[];
}

const LEVELS: Readonly<Record<string, LogLevel>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'error',
  panic: 'error',
};

/** The content of confd.toml; one that is not there is empty, as in confd. */
function readConfigFile(
  path: string,
  parse: (text: string) => Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new UsageError(`-config-file ${path}: ${messageOf(error)}`);
  }
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`-config-file ${path}: ${messageOf(error)}`);
  }
}

function logLevel(given: GivenValues): LogLevel {
  const word = given.oneOf('log-level', ['debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'], 'info');
  return LEVELS[word] ?? 'info';
}

function backend(given: GivenValues, word: string | null, environment: Environment): BackendSettings {
  const name = word ?? given.text('backend') ?? 'etcd';
  if (NOT_BUILT.includes(name)) throw new UsageError(`the backend ${name} is not built: use ${BACKENDS.join(', ')}`);
  const known = BACKENDS.find((one) => one === name);
  if (!known) throw new UsageError(`invalid backend ${JSON.stringify(name)}: expected ${BACKENDS.join(', ')}`);
  const peers = known === 'etcd' ? (environment.ETCDCTL_PEERS ?? '').split(',').map((one) => one.trim()) : [];
  const domain = given.text('srv-domain');
  const record = given.text('srv-record') ?? (domain === null ? null : `_${name}._tcp.${domain.replace(/\.?$/, '.')}`);
  const password = given.text('password');
  const username = given.text('username');
  if ((username === null) !== (password === null) && known.startsWith('etcd'))
    throw new UsageError('give both -username and -password, or neither');
  const key = given.text('client-key');
  const file = (path: string | null) => path && resolve(path);
  if (known === 'file' && given.all('file').length === 0) throw new UsageError('-backend file needs -file PATH');
  const nodes = given.all('node');
  return {
    name: known,
    nodes: nodes.length > 0 ? nodes : peers.filter((one) => one !== ''),
    srv: record === null ? null : { record, scheme: given.text('scheme') ?? 'http' },
    username,
    password: password === null ? null : new Secret(password),
    caFile: file(given.text('client-ca-keys')),
    certFile: file(given.text('client-cert')),
    key: key === null ? null : new Secret(key),
    files: given.all('file').map((path) => resolve(path)),
    filter: given.text('filter') ?? '*',
    separator: given.text('separator') ?? '/',
  };
}

/** Root's place for it, else the user's own; each confdir has its own, so that two of them never mix. */
function defaultStateDir(confDir: string, environment: Environment): string {
  const own = environment.XDG_STATE_HOME || (environment.HOME ? join(environment.HOME, '.local/state') : '/var/tmp');
  return join(process.getuid?.() === 0 ? '/var/lib' : own, 'birdconfd/confd', digestOf(confDir).slice(0, 12));
}

/**
 * Checks and completes what was given; flag before environment before confd.toml. `word`: a backend's name in front of the flags.
 * Throws UsageError with the value, where it stood, and what was expected.
 */
export async function resolveConfdSettings(
  flags: ParsedFlags,
  word: string | null,
  environment: Environment,
): Promise<ConfdSettings> {
  const { parse } = await import('smol-toml');
  const path = flags.values.get('config-file')?.at(-1) || environment.CONFD_CONFIG_FILE || '/etc/confd/confd.toml';
  const given = new GivenValues(flags, environment, readConfigFile(path, parse), path);
  const confDir = resolve(given.text('confdir') ?? '/etc/confd');
  return {
    confDir,
    backend: backend(given, word, environment),
    prefix: given.text('prefix'),
    prefixMode: given.oneOf('prefix-mode', ['override', 'concat'], 'override'),
    mode: given.flag('onetime') ? 'onetime' : given.flag('watch') ? 'watch' : 'interval',
    intervalMs: given.count('interval', 600) * 1000,
    noop: given.flag('noop'),
    showSecrets: given.flag('show-secrets'),
    syncOnly: given.flag('sync-only'),
    keepStageFile: given.flag('keep-stage-file'),
    stateDir: resolve(given.text('state-dir') ?? defaultStateDir(confDir, environment)),
    checkTimeoutMs: given.time('check-cmd-timeout', 30_000),
    reloadTimeoutMs: given.time('reload-cmd-timeout', 60_000),
    graceMs: given.time('shutdown-timeout', 30_000),
    statusAddress: given.text('status-address'),
    logLevel: logLevel(given),
    logFormat: given.oneOf('log-format', ['text', 'json'], 'text'),
    environment,
    unknown: given.unknown,
  };
}
